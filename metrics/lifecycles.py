"""The operating systems a new installation knows, with the last day each is supported; an admin changes and adds rows.

Days are those of the makers' own lifecycle pages as of November 2026. Apple names none: its are the days on which the
third release after it came out, by when updates had ended each time.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from django.db import connections

WINDOWS = "https://learn.microsoft.com/lifecycle/products/"
APPLE = "https://support.apple.com/en-us/100100"
UBUNTU = "https://ubuntu.com/about/release-cycle"


class Known(NamedTuple):
    name: str
    pattern: str
    version_pattern: str
    supported_until: str
    rank: int
    source: str


def _windows_10() -> list[Known]:
    """Home and Pro by build; Enterprise and Education of an autumn release are supported longer, and LTSC for years."""
    builds = {
        "1507": ("10240", "2017-05-09", "2017-05-09"), "1511": ("10586", "2017-10-10", "2017-10-10"),
        "1607": ("14393", "2018-04-10", "2019-04-09"), "1703": ("15063", "2018-10-09", "2019-10-08"),
        "1709": ("16299", "2019-04-09", "2020-10-13"), "1803": ("17134", "2019-11-12", "2021-05-11"),
        "1809": ("17763", "2020-11-10", "2021-05-11"), "1903": ("18362", "2020-12-08", "2020-12-08"),
        "1909": ("18363", "2021-05-11", "2022-05-10"), "2004": ("19041", "2021-12-14", "2021-12-14"),
        "20H2": ("19042", "2022-05-10", "2023-05-09"), "21H1": ("19043", "2022-12-13", "2022-12-13"),
        "21H2": ("19044", "2023-06-13", "2024-06-11"), "22H2": ("19045", "2025-10-14", "2025-10-14"),
    }  # fmt: skip
    kept = {
        "2015 LTSB": ("10240", "2025-10-14"), "2016 LTSB": ("14393", "2026-10-13"),
        "LTSC 2019": ("17763", "2029-01-09"), "LTSC 2021": ("19044", "2027-01-12"),
    }  # fmt: skip
    home, firms = f"{WINDOWS}windows-10-home-and-pro", f"{WINDOWS}windows-10-enterprise-and-education"
    iot = f"{WINDOWS}windows-10-iot-enterprise-ltsc-2021"
    return [
        Known("Windows 10, build not told", "windows 10", "", "2025-10-14", 0, home),
        *(Known(f"Windows 10 {name}", "windows 10", build, day, 1, home) for name, (build, day, _) in builds.items()),
        *(Known(f"Windows 10 {name} Enterprise", "windows 10 .*(enterprise|education)", build, day, 2, firms)
          for name, (build, _, day) in builds.items()),
        *(Known(f"Windows 10 Enterprise {name}", "windows 10 .*lts[bc]", build, day, 3,
                f"{WINDOWS}windows-10-enterprise-{name.lower().replace(' ', '-')}")
          for name, (build, day) in kept.items()),
        Known("Windows 10 IoT Enterprise LTSC 2021", "windows 10 .*iot.*ltsc", "19044", "2032-01-13", 4, iot),
    ]  # fmt: skip


def _windows_11() -> list[Known]:
    builds = {
        "21H2": ("22000", "2023-10-10", "2024-10-08"), "22H2": ("22621", "2024-10-08", "2025-10-14"),
        "23H2": ("22631", "2025-11-11", "2026-11-10"), "24H2": ("26100", "2026-10-13", "2027-10-12"),
        "25H2": ("26200", "2027-10-12", "2028-10-10"),
    }  # fmt: skip
    home, firms = f"{WINDOWS}windows-11-home-and-pro", f"{WINDOWS}windows-11-enterprise-and-education"
    rows = [Known(f"Windows 11 {name}", "windows 11", build, day, 1, home) for name, (build, day, _) in builds.items()]
    return rows + [
        Known(f"Windows 11 {name} Enterprise", "windows 11 .*(enterprise|education)", build, day, 2, firms)
        for name, (build, _, day) in builds.items()
    ]


KNOWN: tuple[Known, ...] = (
    Known("Windows XP", "windows xp", "", "2014-04-08", 0, f"{WINDOWS}windows-xp"),
    Known("Windows 7", "windows 7", "", "2020-01-14", 0, f"{WINDOWS}windows-7"),
    Known("Windows 8", "windows 8( |$)", "", "2016-01-12", 0, f"{WINDOWS}windows-8"),
    Known("Windows 8.1", "windows 8\\.1", "", "2023-01-10", 1, f"{WINDOWS}windows-81"),
    *_windows_10(),
    *_windows_11(),
    Known("Windows Server 2008", "server 2008", "", "2020-01-14", 0, f"{WINDOWS}windows-server-2008"),
    Known("Windows Server 2012", "server 2012", "", "2023-10-10", 0, f"{WINDOWS}windows-server-2012"),
    Known("Windows Server 2016", "server 2016", "", "2027-01-12", 0, f"{WINDOWS}windows-server-2016"),
    Known("Windows Server 2019", "server 2019", "", "2029-01-09", 0, f"{WINDOWS}windows-server-2019"),
    Known("Windows Server 2022", "server 2022", "", "2031-10-14", 0, f"{WINDOWS}windows-server-2022"),
    Known("Windows Server 2025", "server 2025", "", "2034-11-14", 0, f"{WINDOWS}windows-server-2025"),
    Known("macOS 10", "mac ?os( x)? 10", "", "2022-09-12", 0, APPLE),
    Known("macOS 11", "mac ?os 11", "", "2023-09-26", 0, APPLE),
    Known("macOS 12", "mac ?os 12", "", "2024-09-16", 0, APPLE),
    Known("macOS 13", "mac ?os 13", "", "2025-09-15", 0, APPLE),
    Known("Ubuntu 18.04 LTS", "ubuntu 18\\.04", "", "2023-05-31", 0, UBUNTU),
    Known("Ubuntu 20.04 LTS", "ubuntu 20\\.04", "", "2025-05-31", 0, UBUNTU),
    Known("Ubuntu 22.04 LTS", "ubuntu 22\\.04", "", "2027-04-30", 0, UBUNTU),
    Known("Ubuntu 24.04 LTS", "ubuntu 24\\.04", "", "2029-05-31", 0, UBUNTU),
)


def write_known(*, using: str, **_: Any) -> None:
    """Fill the table where it is empty, after migrations; whatever people changed stays."""
    from metrics.models import OsLifecycle

    table = OsLifecycle._meta.db_table
    if table not in connections[using].introspection.table_names():
        return  # on the way to a version without it
    if not OsLifecycle.objects.using(using).exists():
        OsLifecycle.objects.using(using).bulk_create(OsLifecycle(**known._asdict()) for known in KNOWN)
