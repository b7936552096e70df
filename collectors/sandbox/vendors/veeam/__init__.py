"""Veeam Service Provider Console: a key, records by offset, sorted, and every fault of the server as 520."""

from collectors.sandbox.switches import Switch
from collectors.sandbox.vendors.veeam.api import Veeam

__all__ = ["SWITCHES", "VENDOR"]

VENDOR = Veeam
SWITCHES = (
    Switch("veeam", "largest_page", 500, (), "records a page at the most; more asked for is cut"),
    Switch("veeam", "long_answers", False, (False, True), "each question is answered 202 until it is put again"),
    Switch("veeam", "job_end", "lastEndTime", ("lastEndTime", "endTime"), "what the end of a job's session is called"),
    Switch("veeam", "alarm_client", "organizationUid", ("organizationUid", "companyUid"), "an alarm's client"),
    Switch("veeam", "mapped", True, (True, False), "jobs of backup servers are assigned to a client; else owned by it"),
    Switch("veeam", "all_groups", True, (True, False), "the key sees backup servers, Microsoft 365 and alarms"),
    Switch("veeam", "cloud_mapped", True, (True, False), "Microsoft 365 organizations are assigned to a company"),
)
