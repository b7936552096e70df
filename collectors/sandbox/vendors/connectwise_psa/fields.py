"""The fields of each collection that conditions, orderBy and fields may name, with their types."""

from __future__ import annotations


def _typed(**groups: str) -> dict[str, str]:
    return {name: kind for kind, names in groups.items() for name in names.split()}


STAMPS = {"lastUpdated": "date", "dateEntered": "date", "_info/lastUpdated": "date", "_info/dateEntered": "date"}
COMPANY = STAMPS | _typed(
    int="id status/id territory/id market/id numberOfEmployees parentCompany/id types/id",
    text="identifier name status/name website territory/name market/name accountNumber types/name "
    "phoneNumber faxNumber addressLine1 addressLine2 city state zip",
    number="annualRevenue", date="dateAcquired dateDeleted", flag="deletedFlag",
)  # fmt: skip
TICKET = STAMPS | _typed(
    int="id board/id status/id type/id subType/id item/id priority/id priority/sort source/id team/id owner/id "
    "company/id contact/id agreement/id parentTicketId mergedParentTicket/id sla/id respondMinutes "
    "resPlanMinutes resolveMinutes minutesWaiting minutesBeforeWaiting",
    text="summary recordType board/name status/name type/name subType/name item/name priority/name "
    "priority/level severity impact source/name team/name owner/identifier owner/name company/identifier "
    "company/name contact/name agreement/name closedBy resources mergedParentTicket/summary sla/name slaStatus",
    flag="closedFlag hasChildTicket hasMergedChildTicketFlag isInSla",
    date="closedDate dateResponded dateResplan dateResolved respondByGoalUTC resplanGoalUTC resolutionGoalUTC",
    number="actualHours respondedHours resplanHours resolutionHours",
)  # fmt: skip
ENTRY = STAMPS | _typed(
    int="id company/id chargeToId ticket/id project/id member/id workType/id workRole/id agreement/id",
    text="company/identifier company/name chargeToType ticket/summary member/identifier member/name "
    "workType/name workRole/name agreement/name billableOption hourlyCost status",
    date="timeStart timeEnd",
    number="hoursDeduct actualHours hoursBilled invoiceHours hourlyRate extendedInvoiceAmount agreementHours "
    "agreementAmount",
)  # fmt: skip
AGREEMENT = STAMPS | _typed(
    int="id type/id company/id billingCycle/id parentAgreement/id",
    text="name type/name company/identifier company/name agreementStatus billingCycle/name applicationUnits "
    "applicationCycle currency/currencyCode",
    date="startDate endDate dateCancelled nextInvoiceDate",
    flag="noEndingDateFlag cancelledFlag applicationUnlimitedFlag", number="billAmount applicationLimit",
)  # fmt: skip
ADDITION = STAMPS | _typed(
    int="id product/id", text="product/identifier billCustomer agreementStatus",
    number="quantity lessIncluded unitPrice unitCost extPrice extCost", date="effectiveDate cancelledDate",
)  # fmt: skip
MEMBER = STAMPS | _typed(
    int="id workRole/id timeZone/id", text="identifier firstName lastName officeEmail licenseClass",
    flag="inactiveFlag", number="hourlyCost hourlyRate dailyCapacity",
)  # fmt: skip
BOARD = STAMPS | _typed(int="id", text="name", flag="inactiveFlag projectFlag")
STATUS = STAMPS | _typed(
    int="id sortOrder", text="name escalationStatus", flag="closedStatus inactive"
)  # fmt: skip
PRIORITY = STAMPS | _typed(int="id sortOrder", text="name level")
SLA = STAMPS | _typed(int="id", text="name basedOn", number="respondHours planWithin resolutionHours")
WORK_ROLE = STAMPS | _typed(int="id", text="name", number="hourlyRate", flag="inactiveFlag")
WORK_TYPE = STAMPS | _typed(int="id", text="name", number="costMultiplier", flag="utilizationFlag inactiveFlag")
CHANGE = STAMPS | _typed(
    int="id boardId companyIdentifier priorityId ticketNumber parentTicketId mergedParentTicketId",
    text="action boardName companyName status summary recordType ticketOwner slaName",
    flag="closedFlag",
)  # fmt: skip
INVOICE = STAMPS | _typed(
    int="id company/id agreement/id ticket/id project/id status/id",
    text="invoiceNumber type company/identifier company/name agreement/name status/name currency/currencyCode",
    date="date dueDate", flag="status/isClosed",
    number="subtotal total balance payments credits serviceTotal expenseTotal productTotal agreementAmount salesTax",
)  # fmt: skip
SURVEY = STAMPS | _typed(int="id", text="name", flag="inactiveFlag")
RESULT = STAMPS | _typed(int="id ticketId surveyId totalPoints company/id contact/id", text="company/name contact/name")
AUDIT = _typed(text="text enteredBy auditType auditSubType", date="enteredDate")
