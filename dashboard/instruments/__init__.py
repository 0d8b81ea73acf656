"""Instruments and alarms: each one's line on the first page, and the page of all with what is wrong and who is told."""

from dashboard.instruments.summary import LONGEST_REASON as LONGEST_REASON
from dashboard.instruments.summary import Instrument as Instrument
from dashboard.instruments.summary import instruments_of as instruments_of
