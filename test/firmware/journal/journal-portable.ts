/**
 * The journal and the device's memory put through seeded work in any engine, over flash that is an
 * array with NOR's rules; a torn write every now and then stands for a loss of power.
 */
import { PersistentState } from "../../../firmware/continuity/persistent-state";
import { crc32 } from "../../../firmware/journal/crc";
import { Journal } from "../../../firmware/journal/journal";
import { readSamplePoints } from "../../../firmware/model/report";
import { thing } from "../../../firmware/product/thing";
import { hexText } from "../../../firmware/text/ascii";
import type { Flash } from "../../../firmware/journal/flash";

export interface Tools {
  readonly below: (limit: number) => number;
  readonly say: (suite: string, text: string) => void;
}

const blockLength = 512;
const blocks = 5;

/** Starts the journal time after time over the same flash. */
export function journalWork({ below, say }: Tools): void {
  const bytes = new Uint8Array(blocks * blockLength).fill(0xff);
  let tear = false;
  let off = false;
  const powered = (): void => {
    if (off) throw new Error("power");
  };
  const flash: Flash = {
    status: () => ({ size: bytes.length, blockLength, blocks }),
    read: (buffer, offset) => {
      powered();
      buffer.set(bytes.subarray(offset, offset + buffer.length));
    },
    write: (buffer, offset) => {
      powered();
      const end = tear ? below(buffer.length + 1) : buffer.length;
      for (let i = 0; i < end; i++) bytes[offset + i] &= buffer[i];
      off = tear;
      powered();
    },
    eraseBlock: (block) => {
      powered();
      bytes.fill(0xff, block * blockLength, (block + 1) * blockLength);
    },
  };
  let id = 0xffff_fff0;
  for (let boot = 1; boot <= 12; boot++) {
    const addresses: { id: number; address: number }[] = [];
    const forget = (gone: number): void => {
      for (let i = addresses.length - 1; i >= 0; i--) if (addresses[i].id === gone) addresses.splice(i, 1);
    };
    const journal = new Journal(flash, boot, {
      policy: (["oldest", "newest", "thin"] as const)[boot % 3],
      thinnable: (type) => type === 1,
      pinned: (pinned) => pinned % 16 === 0,
      onLost: (lost, type, reason) => {
        say("journal", `lost ${lost} ${type} ${reason}`);
        forget(lost);
      },
      onMoved: (moved, address) => {
        for (const each of addresses) if (each.id === moved) each.address = address;
      },
    });
    say("journal", `boot ${JSON.stringify(journal.recovery)} ${[...journal.erases].join()}`);
    for (const address of journal.oldest(100, () => false)) {
      const record = journal.read(address);
      if (record === undefined) continue;
      addresses.push({ id: record.id, address });
      const { type, time, dated, tried, body } = record;
      say("journal", `${record.id} ${type} ${time} ${dated} ${tried} ${crc32(body, 0, body.length)}`);
    }
    for (let step = 0; step < 60; step++) {
      tear = step === 59 && boot % 2 === 0;
      const place = below(Math.max(1, addresses.length));
      const chosen = addresses[place];
      const what = chosen === undefined ? 0 : below(8);
      if (what < 4) {
        const body = new Uint8Array(below(50)).fill(id & 0xff);
        const appended = journal.append(1 + below(2), id, 1e12 + id, below(4) > 0, body);
        if (appended.kind === "kept") addresses.push({ id, address: appended.address });
        else say("journal", appended.kind);
        id = (id + 1) >>> 0;
      } else if (what < 6) {
        journal.release(chosen.address);
        addresses.splice(place, 1);
      } else if (what === 6) journal.markTried(chosen.address, below(2) === 0 ? "alone" : "timed");
      else say("journal", `dated ${journal.date(chosen.address, 2e12 + step)}`);
    }
    if (off) say("journal", "cut power");
    off = false;
    tear = false;
    say("journal", `${journal.length} ${crc32(bytes, 0, bytes.length)}`);
  }
}

/** The device's memory over several boots. */
export function memoryWork({ below, say }: Tools): void {
  const kept: Record<string, Uint8Array> = {};
  const store = {
    read: (key: string): ArrayBuffer | undefined => kept[key]?.slice().buffer as ArrayBuffer | undefined,
    write: (key: string, value: Uint8Array): void => void (kept[key] = value.slice()),
  };
  for (let boot = 0; boot < 6; boot++) {
    const memory = new PersistentState(
      store,
      () => below(1_000_000) / 1_000_000,
      (event) => say("memory", event.kind),
    );
    memory.follow({
      endpoint: {
        rtoState: boot === 2 ? undefined : { srtt: 100 * boot, rttvar: 5, slowRto: 7, doubt: 2 },
      },
      link: { escalation: [boot, 0, 65_535] },
    });
    for (let i = below(200); i > 0; i--) memory.takeId();
    memory.coverMessageId((memory.firstMessageId + below(300)) & 0xffff);
    if (boot % 2 === 0) {
      const token = new Uint8Array(below(60)).fill(boot + 65);
      memory.keepSession({ edition: "token", token, sequence: 1 + below(1_000), lastContact: 1.7e12 + boot });
    }
    memory.coverSequence(below(2_000));
    if (boot === 3) memory.noteRestart("hung");
    const { session, rto, escalation, restart, firstMessageId, boots } = memory;
    const about =
      session === undefined ? "" : `${hexText(session.token)} ${session.sequence} ${session.lastContact}`;
    say(
      "memory",
      `${boots} ${memory.peekId()} ${firstMessageId} ${about} ${JSON.stringify([rto, escalation, restart])}`,
    );
    for (const key of ["a", "b"]) if (kept[key] !== undefined) say("memory", hexText(kept[key]));
  }
}

/** Points back from any bytes. */
export function recallWork(count: number, { below, say }: Tools): void {
  for (let i = 0; i < count; i++) {
    const bytes = new Uint8Array(below(40));
    for (let at = 0; at < bytes.length; at++) bytes[at] = below(3) === 0 ? below(256) : below(9);
    say("recall", JSON.stringify(readSamplePoints(thing, bytes, 0) ?? null));
  }
}
