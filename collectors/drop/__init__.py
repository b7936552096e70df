"""Files as a source: a CSV or XLSX file of declared columns is read, checked and loaded as an API's answer is.

`layouts` declares what a file may hold, `table` opens one, `loading` checks and loads it, `folder` watches a directory.
"""
