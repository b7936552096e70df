"""Invented names, domains, telephone numbers and addresses of businesses."""

# ruff: noqa: SIM905 - a list of words is easier to read as a sentence

from __future__ import annotations

from itertools import product
from random import Random

_HEADS = """
    Bra Cor Del Fen Gal Har Ive Jor Kel Lin Mor Nar Ost Pel Qua Ren Sel Tar Ul Ver Wes Yar Zan Bel Cal Dor Er Fal Gri
    Hol Ib Jas Kru Lam Mel Nev Or Pra Rud Sto Tri Ush Vil Wyn
""".split()
_HEARTS = ("", "a", "e", "i", "o", "an", "el", "in", "or", "ur", "est", "al")
_TAILS = """
    wick mond vane dell stow ley thorn quell brand tine sworth leth combe gard rick sley nor bourn shaw mere cott den
    holt fax minster pole ridge stead wold by
""".split()
_TRADES = """
    Dental;Family Dentistry;Law Group;Law Offices;Accounting Services;Architects;Manufacturing;Logistics;Family Clinic;
    Insurance Agency;Realty;Construction;Veterinary Hospital;Engineering;Credit Union;Foods;Printing;Plumbing & Heating;
    Charter School;Hospitality;Orthopedics;Machine Works;Pediatrics;Financial Advisors;Wealth Management;Title Company;
    Landscaping;Roofing;Auto Group;Chiropractic;Physical Therapy;Foundation;Distributors;Steel;Plastics;Surgical Center;
    Management;Holdings;Properties;Consulting;Associates;Partners;International;Electric Supply;Community Services
"""
TRADES = [" ".join(trade.split()) for trade in _TRADES.split(";")]
LEGAL = ("", "", "LLC", "LLC", "Inc.", "Inc", "Corporation", "P.C.", "Co.", "Ltd.")
_ENDINGS = (".com",) * 12 + (".net", ".org", ".co.uk", ".ca", ".com.au", ".dental", ".us", ".io")
FREE_MAIL = ("gmail.com", "outlook.com", "yahoo.com", "fastmail.com", "comcast.net", "aol.com")
_STREETS = ("Street", "Avenue", "Road", "Boulevard", "Drive", "Lane", "Parkway", "Court")
_STATES = "TX OH NC WA CO GA MI TN AZ MN OR VA".split()
_WAYS = (
    ("{word} {trade}", 50), ("{word} & {other} {trade}", 9), ("{word} and Sons {trade}", 4), ("The {word} Group", 4),
    ("{word} {other} {trade}", 11), ("{letters} {trade}", 6), ("{trade} of {other}", 6), ("St. {word} {trade}", 3),
    ("{word}", 3), ("The {word} Company", 2), ("{word} Bros. {trade}", 2),
)


class Words:
    """Draws what no other client of its world has, unless it is asked to. Few words for many clients: they repeat."""

    def __init__(self, random: Random, clients: int) -> None:
        self.random = random
        every = ["".join(parts) for parts in product(_HEADS, _HEARTS, _TAILS)]
        self.pool = random.sample(every, min(len(every), max(60, clients * 7 // 10)))
        self.known = {word.lower() for word in self.pool}
        self.taken: set[str] = set()
        self.numbers = iter(random.sample(range(201 * 100, 990 * 100), min(70_000, clients * 4 + 500)))

    def word(self) -> str:
        return self.random.choice(self.pool)

    def name(self) -> str:
        """A business nobody else in this world is called."""
        [way] = self.random.choices([way for way, _ in _WAYS], [weight for _, weight in _WAYS])
        name = way.format(
            word=self.word(), other=self.word(), trade=self.random.choice(TRADES),
            letters="".join(self.random.choices("ABCDEFGHJKLMNPRSTVW", k=3)),
        )
        return name if self.take(name.casefold()) else self.name()

    def take(self, text: str) -> bool:
        """Whether nobody had this before."""
        fresh = text not in self.taken
        self.taken.add(text)
        return fresh

    def domain(self, name: str) -> str:
        """A registrable domain of its own, made of the name as businesses do, and long enough to be nobody's."""
        words = [word for word in _letters(name).split() if word not in ("the", "and", "of", "st")]
        words.sort(key=self.known.__contains__, reverse=True)  # invented words first, initials and trades after them
        if words[0] not in self.known:
            words.insert(0, self.word().lower())
        stem = self.random.choice((
            "".join(words), "".join(words[:2]), "-".join(words[:2]), words[0] + "".join(word[0] for word in words[1:]),
            words[0], words[0] + self.random.choice(("online", "group", "team", "hq")),
        ))
        domain = stem + self.random.choice(_ENDINGS)
        while not self.take(domain):
            domain = f"{stem}{self.random.randrange(2, 9_999)}.com"
        return domain

    def phone(self) -> str:
        """Ten digits of a range that is kept for fiction."""
        area, line = divmod(next(self.numbers), 100)
        return f"{area}55501{line:02}"

    def address(self) -> str:
        street = f"{self.random.randrange(10, 9_900)} {self.word()} {self.random.choice(_STREETS)}"
        suite = f", Suite {self.random.randrange(100, 990)}" if self.random.random() < 0.4 else ""
        town = f"{self.word()} {self.random.choice(('Falls', 'City', 'Heights', 'Springs', ''))}".strip()
        return f"{street}{suite}, {town}, {self.random.choice(_STATES)} {self.random.randrange(10_000, 99_999)}"

    def serial(self) -> str:
        letters = "".join(self.random.choices("BCDFGHJKLMNPQRSTVWXYZ0123456789", k=self.random.choice((7, 7, 8, 10))))
        return letters if self.take(letters) else self.serial()

    def guid(self) -> str:
        return "-".join(f"{self.random.getrandbits(size * 4):0{size}x}" for size in (8, 4, 4, 4, 12))


def _letters(name: str) -> str:
    return "".join(letter for letter in name.lower().replace("&", " ") if letter.isalnum() or letter == " ")
