/** Types that the page's modules share. */

/** One measured stretch of a request; milliseconds since the server's start. */
export interface Span {
  request: number;
  /** 0 before a process had the request. */
  process: number;
  thread: number;
  name: string;
  start: number;
  end: number;
  /** What a thread waited for, by a number of its process; 0 is nothing that has a number. */
  on?: number;
}

export interface LogLine {
  line: string;
  stream: "stdout" | "stderr";
  time?: number;
}

export interface ProgressDetail {
  step: string;
  /** Bytes so far. */
  loaded: number;
  /** Bytes in all, 0 while unknown. */
  total: number;
}

/** What the machine knows of a response. */
export interface ResponseFacts {
  /** The request's number in the trace. */
  request: number;
  /** All header fields as they came. */
  headers: [string, string][];
}

/** What the page uses of a started server. */
export interface ServerLike extends EventTarget {
  readonly command: string;
  readonly address: string;
  fetch(path: string, init?: RequestInit): Promise<Response & { wasgi?: ResponseFacts }>;
  trace(): Span[];
  signal(name: string): Promise<void>;
  stop(): Promise<{ code: number }>;
}

/** What the page uses of a playground. */
export interface PlaygroundLike extends EventTarget {
  preload(options?: { workers?: number }): Promise<void>;
  writeFiles(files: Record<string, string | Uint8Array | null>): Promise<void>;
  start(command: string, options?: { onLog?: (line: LogLine) => void }): Promise<ServerLike>;
  dispose(): Promise<void>;
}

/** A ready-made request of an example. */
export interface RequestSuggestion {
  method: string;
  path: string;
  headers?: string;
  body?: string;
  times?: number;
  /** What it shows, in a few words. */
  shows?: string;
}

export interface Example {
  name: string;
  title: string;
  description: string;
  command: string;
  /** Other command lines that are worth trying on the same files. */
  alternatives: string[];
  requests: RequestSuggestion[];
  /** The file that opens first. */
  open: string;
  files: Record<string, string>;
}

/** One stretch of a bar, as it is drawn. */
export interface Phase {
  name: string;
  start: number;
  end: number;
  process: number | null;
  thread: number;
}

/** What a thread did for a while. */
export interface ThreadPhase extends Span {
  on: number;
}

/** One request on the timeline: connect to last byte. */
export interface Bar {
  request: number;
  process: number | null;
  thread: number;
  start: number;
  end: number;
  /** Not answered in full yet: `end` is now. */
  open: boolean;
  /** When a worker took it, null while none has. */
  taken: number | null;
  lane: number;
  phases: Phase[];
}

export interface Row {
  key: string;
  label: string;
  process: number | null;
  thread: number;
  lanes: number;
  bars: Bar[];
  /** In the row of a thread: what it does, in the order of time. */
  phases?: ThreadPhase[];
}
