"""Fields of entities that are chosen from a list, and what their numbers stand for."""

from __future__ import annotations

from collectors.sandbox.world import boards

COMPLETE = 5
STATUSES = {
    "New": (1, "New"), "In Progress": (8, "In Progress"), "Waiting on client": (7, "Waiting Customer"),
    "Scheduled": (9, "Scheduled"), "Re-opened": (15, "Re-opened"),
    **dict.fromkeys(boards.CLOSED_STATUSES, (COMPLETE, "Complete")),
}  # fmt: skip
FIRST_QUEUE = 29_682_833
QUEUES = {name: FIRST_QUEUE + board.id for name, board in boards.BOARDS.items() if not board.project}
PRIORITIES = {row.id: (place, row.level) for place, row in zip((4, 1, 2, 3), boards.PRIORITIES, strict=True)}
COMPANY_TYPES = {"Lead": 2, "Prospect": 4, "Dead": 5, "Cancelation": 6, "Vendor": 7, "Partner": 8}
CONTRACT_TYPES = {"Time & Materials": 1, "Fixed Price": 3, "Block Hours": 4, "Retainer": 6, "Recurring Service": 7}
ISSUES = {
    boards.type_id(board, place): name for board, types in boards.TYPES.items() for place, (name, _) in enumerate(types)
}
SUB_ISSUES = {
    boards.subtype_id(board, place, under): name
    for board, types in boards.TYPES.items()
    for place, (_, names) in enumerate(types)
    for under, name in enumerate(names)
}


def picklists(customer: int) -> dict[str, dict[str, dict[int, str]]]:
    """Entity: field: number: label."""
    kinds = {customer: "Customer"} | {number: name for name, number in COMPANY_TYPES.items()}
    return {
        "Companies": {"companyType": kinds},
        "Tickets": {
            "queueID": {number: name for name, number in QUEUES.items()},
            "status": dict(STATUSES.values()),
            "priority": dict(PRIORITIES.values()),
            "ticketType": {1: "Service Request", 2: "Incident", 3: "Problem", 4: "Change Request", 5: "Alert"},
            "issueType": ISSUES,
            "subIssueType": SUB_ISSUES,
        },
        "Contracts": {
            "contractType": {number: name for name, number in CONTRACT_TYPES.items()},
            "status": {0: "Inactive", 1: "Active"},
        },
    }
