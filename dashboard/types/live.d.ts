/** What elements of a page hear on `document`; none of them knows another. */

type Tile = {
  id: string;
  seq: number;
  stage: string;
  state: string;
  letter: string;
  words: string;
  instrument: string;
  folder?: string;
  path: string;
  name: string;
  created_ns: number;
  updated_ns: number;
  at: { iso: string; text: string };
  note?: string;
  task?: string;
  pipeline?: string;
  plate?: string;
  plate_name?: string;
  well?: string;
  site?: string;
  result?: string;
  count?: number;
  flags?: string[];
  code?: string;
  took?: string;
  final?: boolean;
};

type Health = {
  sentence: string;
  counts: Record<string, number>;
  parts: [state: string, start: number, width: number][];
  instruments: Record<string, string>;
};

type Pace = { spread_ms: number; every_ms: number };

type Change = Pace & {
  seq: number;
  many: boolean;
  topics: string[];
  tiles: Tile[];
  health: Health | null;
  /** Told a second time, since the page was read anew meanwhile. */
  again?: boolean;
};

interface DocumentEventMap {
  /** What changed, five times a second at most. */
  "labrelay:change": CustomEvent<Change>;
  /** Something was missed: all that is live is read anew. */
  "labrelay:resync": CustomEvent<Pace>;
  /** A sign of life: how old at most what the page shows is. */
  "labrelay:heard": CustomEvent<{ fresh: boolean; age_ms: number }>;
  /** The way to the server is cut. */
  "labrelay:lost": CustomEvent<null>;
  /** An element asks for the section of this id to be read anew soon. */
  "labrelay:reread": CustomEvent<{ id: string }>;
  /** The section of this id was read anew. */
  "labrelay:redrawn": CustomEvent<{ id: string }>;
}
