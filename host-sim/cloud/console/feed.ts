/**
 * What pages that look on are told. Nothing secret is in it, see ../capture/masker.ts. It is bounded in entries and in
 * characters, whatever devices and strangers send.
 */
import { printable } from "../coap/coap-text";
import { MessageLog } from "./message-log";
import type { LoggedMessage } from "./message-log";
import { MessageReader } from "./message-reader";
import { messageOf } from "./message-view";
import { outcomeOf } from "./outcome";
import type { CloudEvent, DeviceName, Peer } from "../events";
import type { EventEntry, FeedEntry } from "./entries";

/** Entries kept, and their characters as JSON. */
const kept = 500;
const keptCharacters = 4 << 20;
/** Characters of an event's measure points, and of one value or of what a reply carried. */
const longestPoints = 16_384;
const longestValue = 512;

/** An entry as the stream sends it. */
export interface FeedLine {
  /** Counts up from 1. */
  readonly number: number;
  /** A `FeedEntry` as JSON. */
  readonly json: string;
  readonly about: EntryAbout;
}

/** What readers of the stream choose by. */
interface EntryAbout {
  readonly kind: FeedEntry["kind"];
  /** Of an event. */
  readonly type?: CloudEvent["type"];
  readonly productKey?: string;
  readonly deviceKey?: string;
}

/**
 * What happens between devices and cloud: keeps the last messages and events, and tells all who listen when
 * there is more. Each reads at its own pace, so nothing is held for one that is slow.
 */
export class Feed {
  /** More messages than the feed has entries, for lists and captures. */
  readonly messages = new MessageLog();
  readonly #now: () => number;
  /** Numbered without a gap. */
  readonly #lines: FeedLine[] = [];
  #characters = 0;
  readonly #listeners = new Set<() => void>();
  readonly #reader = new MessageReader();
  #count = 0;
  #messages = 0;
  /** The last message from a device, which the cloud handles until the next one comes. */
  #incoming: LoggedMessage | undefined;
  #run: string | undefined;

  /** @param now epoch ms */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Tells this run of the stand-in from others, whose entries have the same numbers: lower-case letters and digits. */
  get run(): string {
    return (this.#run ??= Math.floor(this.#now()).toString(36));
  }

  /** Number of the last entry; 0 before the first. */
  get last(): number {
    return this.#count;
  }

  /** The oldest entry that is kept behind the one with this number. */
  after(number: number): FeedLine | undefined {
    const first = this.#count - this.#lines.length + 1;
    return this.#lines[Math.max(0, number + 1 - first)];
  }

  /** Calls `listener` after each entry that comes. The answer ends that. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  event(event: CloudEvent): void {
    const short = shortened(event);
    const message = this.#incoming;
    const outcome = message !== undefined && isAbout(event, message) && outcomeOf(short.event, short.leftOut);
    const brought = outcome ? { message: message!.number } : undefined;
    if (outcome) this.messages.become(message!, outcome);
    this.#add({ kind: "event", number: ++this.#count, at: this.#now(), ...short, ...brought });
  }

  datagram(direction: "in" | "out", datagram: Uint8Array, peer: Peer): void {
    const record = this.#reader.read(direction, datagram, peer, this.#now());
    const number = ++this.#count;
    const logged = this.messages.add(number, record);
    if (direction === "in") this.#incoming = logged;
    this.#add({ kind: "message", number, id: ++this.#messages, ...messageOf(record) });
  }

  #add(entry: FeedEntry): void {
    const json = JSON.stringify(entry);
    this.#lines.push({ number: entry.number, json, about: aboutOf(entry) });
    this.#characters += json.length;
    while (this.#lines.length > kept || this.#characters > keptCharacters) {
      this.#characters -= this.#lines.shift()!.json.length;
    }
    for (const listener of this.#listeners) listener();
  }
}

function aboutOf(entry: FeedEntry): EntryAbout {
  if (entry.kind === "event") {
    const { type, productKey, deviceKey } = entry.event as CloudEvent & Partial<DeviceName>;
    return { kind: "event", type, productKey, deviceKey };
  }
  const [productKey, deviceKey] = entry.device?.split("/") ?? [];
  return { kind: "message", productKey, deviceKey };
}

/** Whether an event is of the device, or of the address, that a message came from. */
function isAbout(event: CloudEvent, { device, peer }: LoggedMessage): boolean {
  const about = event as Partial<DeviceName> & { readonly peer?: Peer };
  if (about.peer !== undefined) {
    return (
      about.peer.address === peer.address && (about.peer.port === peer.port || event.type === "rate-limited")
    );
  }
  if (about.deviceKey !== undefined) return `${about.productKey}/${about.deviceKey}` === device;
  return event.type === "script-fault" && device?.startsWith(`${event.productKey}/`) === true;
}

/** An event with as many of its measure points as there is room for, and what a reply carried as text if that is long. */
function shortened(event: CloudEvent): Pick<EventEntry, "event" | "leftOut"> {
  if (event.type === "command-answered" || event.type === "command-late") {
    const json = event.data === undefined ? "" : JSON.stringify(event.data);
    return { event: json.length > longestValue ? { ...event, data: printable(json, longestValue) } : event };
  }
  if (event.type !== "stored" || event.points === undefined) return { event };
  const points: Record<string, unknown> = {};
  let room = longestPoints;
  let leftOut = 0;
  for (const [identifier, value] of Object.entries(event.points)) {
    const json = JSON.stringify(value);
    const isShort = json.length <= longestValue;
    const shown = isShort ? value : printable(json, longestValue);
    room -= identifier.length + (isShort ? json.length : JSON.stringify(shown).length);
    if (room < 0) leftOut += 1;
    else points[identifier] = shown;
  }
  const short = { ...event, points };
  return leftOut === 0 ? { event: short } : { event: short, leftOut };
}
