"""The advice log: what was advised, to whom, when, on which version, in a form that can prove itself.

It knows rows, not flows. See `schema` for the tables, `chain` for the proof, `log` for writing and `records`
for reading.
"""

from bot.advice_log.chain import Break, verify
from bot.advice_log.log import AdviceLog
from bot.advice_log.records import Receipt, Session, export_rows, receipt, sessions
from bot.advice_log.rows import Current, Kept, TurnRow

__all__ = [
    "AdviceLog",
    "Break",
    "Current",
    "Kept",
    "Receipt",
    "Session",
    "TurnRow",
    "export_rows",
    "receipt",
    "sessions",
    "verify",
]
