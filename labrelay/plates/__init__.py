"""From names to plates: what the path of a file tells about plate, well, field, channel, plane and time.

A path below the watched folder goes through the folder's preset (`presets`), its own patterns (`patterns`) and AiCSD's
rules (`aicsd`); `reader` lays one over the other and remembers which told what. Attributes keep their kinds:

`plate` text · `well` text, "A01" · `row` text, its letters · `column`, `field`, `z`, `time` whole numbers as the vendor
counts · `channel` a number where the vendor numbers it, a text where it names it ("DAPI").
"""

from labrelay.plates.bounded import PatternTooSlow
from labrelay.plates.presets import PRESETS, Names
from labrelay.plates.reader import FolderReader, Reading, readers_of

__all__ = ["PRESETS", "FolderReader", "Names", "PatternTooSlow", "Reading", "readers_of"]
