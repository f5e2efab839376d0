/**
 * The last messages of all devices, masked: for the API's lists and captures. Bounded in messages and in bytes,
 * whatever devices and strangers send.
 */
import { Outcomes } from "./outcome";
import type { Outcome } from "./outcome";
import type { MessageRecord } from "./message-record";

/** Messages kept, and the bytes of their datagrams and of what became of them. */
const mostMessages = 10_000;
const mostBytes = 8 << 20;

/** A message that is kept. */
export interface LoggedMessage extends MessageRecord {
  /** Number of its entry in the feed. */
  readonly number: number;
  readonly outcomes: Outcomes;
}

export class MessageLog {
  /** In the order of their numbers; those before `#first` are forgotten. */
  #messages: LoggedMessage[] = [];
  #first = 0;
  #bytes = 0;

  /** How many are kept. */
  get length(): number {
    return this.#messages.length - this.#first;
  }

  add(number: number, record: MessageRecord): LoggedMessage {
    const message: LoggedMessage = { ...record, number, outcomes: new Outcomes() };
    this.#messages.push(message);
    this.#bytes += sizeOf(message);
    while (this.length > mostMessages || this.#bytes > mostBytes) {
      this.#bytes -= sizeOf(this.#messages[this.#first++]);
    }
    // Many in one go, for each time all the others move.
    if (this.#first >= mostMessages) {
      this.#messages = this.#messages.slice(this.#first);
      this.#first = 0;
    }
    return message;
  }

  /** Adds to what became of a message that is kept. */
  become(message: LoggedMessage, outcome: Outcome): void {
    const before = message.outcomes.length;
    message.outcomes.add(outcome);
    this.#bytes += message.outcomes.length - before;
  }

  /**
   * Those of a device, oldest first.
   * @param device `productKey/deviceKey`; undefined: of all, and of strangers
   * @param from to epoch ms, both within
   */
  of(device: string | undefined, from = -Infinity, to = Infinity): LoggedMessage[] {
    const found: LoggedMessage[] = [];
    for (let i = this.#first; i < this.#messages.length; i++) {
      const message = this.#messages[i];
      const isOf = device === undefined || message.device === device;
      if (isOf && message.at >= from && message.at <= to) found.push(message);
    }
    return found;
  }
}

function sizeOf({ bytes, told, outcomes }: LoggedMessage): number {
  const fields = told?.fields.reduce((sum, [name, value]) => sum + name.length + value.length, 0) ?? 0;
  return bytes.length + fields + outcomes.length;
}
