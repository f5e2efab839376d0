/**
 * A firmware for tests: it does what its configuration asks for, and traces what it sees. Bundled and
 * run in the engines by the tests; it uses every module of the simulated board.
 *
 * It is checked with the tests, so it has to name the board's types itself.
 */
/// <reference path="../../../../node_modules/@moddable/typings/timer.d.ts" />
/// <reference path="../../../../node_modules/@moddable/typings/time.d.ts" />
/// <reference path="../../../../node_modules/@moddable/typings/embedded_io/_common.d.ts" />
/// <reference path="../../../../node_modules/@moddable/typings/embedded_io/serial.d.ts" />
/// <reference path="../../../../node_modules/@moddable/typings/embedded_io/digital.d.ts" />
/// <reference path="../../../../node_modules/@moddable/typings/mc/config.d.ts" />
/// <reference path="../../../../firmware/ffi.d.ts" />
/// <reference path="../../../../firmware/crypt.d.ts" />
/// <reference path="../../../../firmware/moddable.d.ts" />
import Timer from "timer";
import Time from "time";
import Serial from "embedded:io/serial";
import Digital from "embedded:io/digital";
import FFI from "mc/ffi";
import storage from "embedded:storage/key-value";
import flash from "embedded:storage/flash";
import config from "mc/config";
import { BlockCipher, Digest, Mode } from "crypt";

declare function trace(...log: (string | number | boolean)[]): void;

const say = (...parts: (string | number | boolean)[]): void => trace(parts.join(" "), "\n");

function hex(buffer: ArrayBuffer | Uint8Array): string {
  let text = "";
  for (const byte of new Uint8Array(buffer)) text += (byte + 0x100).toString(16).slice(1);
  return text;
}

function bytes(text: string): Uint8Array {
  const out = new Uint8Array(text.length / 2);
  for (let i = 0; i < out.length; i++) out[i] = parseInt(text.slice(2 * i, 2 * i + 2), 16);
  return out;
}

/** What an expression throws, as text; "nothing" when it does not. */
function thrown(run: () => unknown): string {
  try {
    run();
    return "nothing";
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}` : "no Error";
  }
}

const programs: Record<string, () => void> = {
  timers() {
    const repeating = Timer.repeat(() => {
      say("repeat", Time.ticks);
      if (Time.ticks >= 300) Timer.clear(repeating);
    }, 100);
    const late = Timer.set(() => say("late", Time.ticks), 150);
    Timer.set(() => say("early", Time.ticks), 50);
    Timer.set((timer) => {
      say("same time, created first", Time.ticks, typeof timer);
      Timer.clear(cleared);
      Timer.set(() => say("set in a callback", Time.ticks));
    }, 200);
    const cleared = Timer.set(() => say("never"), 200);
    Timer.set(() => say("same time, created last", Time.ticks), 200);
    const moved = Timer.set(() => say("moved", Time.ticks), 1);
    Timer.schedule(moved, 250);
    const resting = Timer.set(() => say("rested", Time.ticks), 10);
    Timer.schedule(resting);
    Timer.set(() => Timer.schedule(resting, 20), 260);
    const once: Timer = Timer.set((self) => {
      Timer.schedule(self, 5);
      say("once", Time.ticks);
    }, 120);
    Timer.set(() => {
      say(
        "dead:",
        thrown(() => Timer.schedule(once, 5)),
        thrown(() => Timer.clear(late)),
      );
    }, 160);
    const every = Timer.set(
      () => {
        say("first, then every", Time.ticks);
        if (Time.ticks >= 460) Timer.clear(every);
      },
      400,
      30,
    );
    Timer.set(() => say("too far away is at once", Time.ticks), 2 ** 31);
  },

  ticks() {
    let last = Time.ticks;
    let sum = 0;
    Timer.repeat(() => {
      const now = Time.ticks;
      sum += Time.delta(last, now);
      if (now < last) say("wrapped", last, now, sum, Date.now());
      last = now;
    }, 86_400_000);
  },

  clock() {
    say(Date.now(), new Date().getTime(), new Date(5).getTime(), typeof Date(), Date.UTC(2024, 0, 1));
    say(new Date() instanceof Date, new Date().constructor === Date, Date.name);
    Timer.set(() => {
      say(Date.now(), Time.ticks);
      Time.set(1_700_000_000);
      say(Date.now());
    }, 1500);
    Timer.set(() => say(new Date().toISOString()), 2750);
  },

  manyRandom() {
    for (let i = 0; i < 70; i++) say(Math.random());
  },

  random() {
    for (let i = 0; i < 5; i++) say(Math.random());
  },

  jobs() {
    const later = async (name: string): Promise<void> => {
      await Promise.resolve();
      say(name, Time.ticks);
      Timer.set(() => say(name, "timer", Time.ticks), 10);
    };
    void later("boot").then(() => later("then"));
    Timer.set(() => void later("timer"), 5);
    say("first");
  },

  serial() {
    const port: Serial = new Serial({
      ...config.serial,
      target: "mine",
      onReadable(this: Serial, count: number) {
        const mine = this === port && (this as unknown as { target: string }).target === "mine";
        say("readable", count, mine);
        if (config.hold) return;
        if (config.pieces) {
          const piece = new Uint8Array(config.pieces);
          for (let got = this.read(piece); got !== undefined; got = this.read(piece)) {
            say("piece", hex(piece.subarray(0, got)));
          }
        } else {
          say("read", hex(this.read() as ArrayBuffer), String(this.read()));
        }
      },
      onWritable(count: number) {
        say("writable", count);
      },
    });
    say(
      "pin:",
      thrown(() => new Digital({ pin: 17, mode: Digital.Output })),
    );
    say(
      "port:",
      thrown(() => new Serial({ transmit: 1, receive: 3, port: 1, baud: 9600 })),
    );
    port.write(new Uint8Array([0, 255, 128]).subarray(1));
    port.write(bytes("61".repeat(126)).buffer as ArrayBuffer);
    say(
      "full:",
      thrown(() => port.write(new Uint8Array(1))),
    );
    Timer.set(() => {
      if (config.hold) {
        say("held", hex(port.read() as ArrayBuffer), String(port.read()));
        return;
      }
      port.close();
      say(
        "closed:",
        thrown(() => port.write(new Uint8Array(1))),
      );
      const again = new Serial({ transmit: 17, port: 1, baud: 9600, format: "number" });
      again.write(7);
      again.close();
    }, 1000);
  },

  refusals() {
    const options = { transmit: 17, receive: 16, port: 1, baud: 9600 };
    const tries: Record<string, unknown> = {
      "no pins": { baud: 9600, port: 1 },
      port: { ...options, port: 3 },
      baud: { ...options, baud: 0 },
      format: { ...options, format: "ascii" },
      pin: { ...options, receive: 40 },
      output: { ...options, transmit: 34 },
    };
    for (const name of Object.keys(tries)) {
      say(
        name,
        thrown(() => new Serial(tries[name] as ConstructorParameters<typeof Serial>[0])),
      );
    }
    say(thrown(() => new Digital({ pin: 35, mode: Digital.Output })));
    say(thrown(() => new Digital({ pin: 4, mode: Digital.Input, onReadable() {} } as never)));
    say(thrown(() => new Digital({ pin: 4, mode: 7 as never })));
  },

  pins() {
    const out = new Digital({ pin: 4, mode: Digital.Output });
    out.write(1);
    const inverted = { pin: 5, mode: Digital.OutputOpenDrain, activeLow: true, initialValue: 1 };
    const low = new Digital(inverted as never);
    low.write(0);
    const button: Digital = new Digital({
      pin: 36,
      mode: Digital.InputPullUp,
      edge: Digital.Falling,
      onReadable(this: Digital) {
        say("pressed", this === button, this.read(), Time.ticks);
      },
    });
    say(
      "button",
      button.read(),
      thrown(() => out.read()),
      thrown(() => button.write(1)),
    );
    out.close();
    new Digital({ pin: 4, mode: Digital.Input }).close();
  },

  crypt() {
    for (const message of config.digests) {
      const digest = new Digest("SHA256");
      // Through a view with an offset, in two pieces, with a look in between.
      const data = bytes("ffff" + message).subarray(2);
      digest.write(data.subarray(0, 3));
      digest.close(true);
      digest.write(data.subarray(3));
      say(hex(digest.close()));
    }
    say(hex(new Digest("SHA256").process("äß€😀", "")), new Digest("SHA1").outputSize);
    // So long that no board would hold it, beside another one, and with a digest of its beginning.
    const [long, other] = [new Digest("SHA256"), new Digest("SHA512")];
    for (let i = 0; i < 300; i++) {
      long.write(new Uint8Array(1000).fill(i));
      other.write(new Uint8Array(100).fill(i));
      if (i === 99) say("long", hex(long.close(true)));
    }
    say("long", hex(long.close()), hex(other.close()));
    long.reset();
    long.write("abc");
    say(
      "long",
      hex(long.close()),
      thrown(() => long.write("")),
    );
    for (const { key, iv, counter, data } of config.ciphers) {
      const cipher = new BlockCipher("AES", bytes(key).buffer as ArrayBuffer);
      const vector = bytes(iv).buffer as ArrayBuffer;
      const view = bytes("00" + data).subarray(1);
      const mode = new Mode("CBC", cipher, vector);
      const whole = hex(mode.encrypt(view));
      mode.setIV(vector);
      const chained = hex(mode.encrypt(view.subarray(0, 16))) + hex(mode.encrypt(view.subarray(16)));
      const back = new Mode("CBC", cipher, vector).decrypt(bytes(whole));
      say(whole, chained === whole, hex(back) === data, hex(new Mode("ECB", cipher).encrypt(view)));
      // In pieces that end within a block and at its end.
      const stream = new Mode("CTR", cipher, bytes(counter).buffer as ArrayBuffer);
      const ends = [5, 16, 48, view.length];
      const pieces = ends.map((end, i) => hex(stream.encrypt(view.subarray(ends[i - 1] ?? 0, end)))).join("");
      stream.setIV(bytes(counter).buffer as ArrayBuffer);
      say("ctr", pieces, hex(stream.decrypt(bytes(pieces))) === data);
    }
    const key = new BlockCipher("AES", new ArrayBuffer(16));
    const iv = new ArrayBuffer(16);
    say("tail", hex(new Mode("CBC", key, iv).encrypt(new Uint8Array(13).fill(1))));
    say("tail", hex(new Mode("CBC", key, iv).encrypt(new Uint8Array(19).fill(1))));
    say("into", hex(new Mode("CBC", key, iv).encrypt(new Uint8Array(16), new ArrayBuffer(18))));
    say(thrown(() => new BlockCipher("AES", new Uint8Array(16) as never)));
    say(thrown(() => new BlockCipher("AES", new ArrayBuffer(15))));
    say(thrown(() => new Mode("CBC", key, new Uint8Array(16) as never)));
    say(thrown(() => new Mode("CBC", key, iv).encrypt(new Uint8Array(16), new ArrayBuffer(15))));
    say(thrown(() => new Mode("OFB" as never, key)));
    say(thrown(() => new Digest("SHA3" as never)));
  },

  /** What a firmware does to flash, block by block; each may fail. */
  failingFlash() {
    const journal = flash.open({ path: "journal" });
    for (let block = 0; block < 3; block++) {
      const at = 4096 * block;
      const erased = thrown(() => journal.eraseBlock(block));
      const wrote = thrown(() => journal.write(Uint8Array.of(1, 2, 3, block), at));
      const bytesThere = new Uint8Array(4);
      const read = thrown(() => journal.read(bytesThere, at));
      say(erased, "|", wrote, "|", read, hex(bytesThere));
    }
  },

  /** Three rounds of whatever a firmware does to its storage, each of which may fail. */
  failingStorage() {
    for (let round = 0; round < 3; round++) {
      let open: ReturnType<typeof storage.open> | undefined;
      const opened = thrown(() => (open = storage.open({ path: "state" })));
      const wrote = thrown(() => open?.write("key", Uint8Array.of(1, 2, round)));
      let value: unknown;
      const read = thrown(() => (value = open?.read("key")));
      const deleted = thrown(() => open?.delete("other"));
      say(opened, "|", wrote, "|", read, value instanceof ArrayBuffer ? hex(value) : "none", "|", deleted);
    }
  },

  storage() {
    const store = storage.open({ path: "demo", format: "string" });
    say(
      "found",
      String(store.read("text")),
      thrown(() => store.read("blob")),
    );
    store.write("text", "äß€😀 and more");
    store.write("gone", "x");
    store.delete("gone");
    store.delete("never there");
    store.format = "buffer";
    const blob = store.read("blob");
    say("blob", blob instanceof ArrayBuffer ? hex(blob) : String(blob));
    store.write("blob", new Uint8Array([9, 8, 7, 6]).subarray(1));
    say(
      "into",
      store.read("blob", new Uint8Array(8))!,
      thrown(() => store.read("blob", new Uint8Array(2))),
    );
    store.format = "int8";
    store.write("count", 200);
    say("count", String(store.read("count")), [...store].join("+"));
    say(
      thrown(() => store.write("a name too long for NVS", 1)),
      thrown(() => storage.open({ path: "" })),
    );
    store.close();
    const readOnly = storage.open({ path: "demo", mode: "r" });
    say(
      thrown(() => store.read("text")),
      thrown(() => readOnly.write("a", "b")),
    );
  },

  scope() {
    const absent = (
      "process require module Buffer setTimeout setInterval setImmediate queueMicrotask console " +
      "TextEncoder TextDecoder URL fetch performance structuredClone atob Intl WebAssembly global window self print gc " +
      "issueCommand harden Base64 Compartment currentMeterLimit resetMeter"
    ).split(" ");
    say(absent.filter((name) => name in globalThis).join(" ") || "none");
    say(thrown(() => ((Array.prototype as { x?: number }).x = 1)).slice(0, 9));
    say(thrown(() => ((Math as { x?: number }).x = 1)).slice(0, 9));
    say(thrown(() => (((async () => {}) as { constructor: { x?: number } }).constructor.x = 1)).slice(0, 9));
    class Assigned extends Error {
      constructor() {
        super("m");
        this.name = "Assigned";
      }
    }
    say(thrown(() => new Assigned()).slice(0, 9));
    class Declared extends Error {
      override name = "Declared";
    }
    const { nested } = config;
    say(new Declared("m").name, Object.isFrozen(config), Object.isFrozen(nested), nested.list[1]);
    trace("a", 1, true, "\n");
  },

  fault() {
    Timer.set(() => {
      say("before");
      throw new TypeError("nobody catches this");
    }, 10);
    Timer.set(() => say("after"), 20);
  },

  restart() {
    Timer.set(() => {
      say("going down");
      say(
        "not heard",
        thrown(() => new FFI().esp_restart()),
      );
    }, 10);
  },

  full() {
    const port = new Serial({ ...config.serial });
    port.write(new Uint8Array(10));
    try {
      port.write(new Uint8Array(100));
    } catch {
      // What goes wrong on the host's side is not for the firmware to swallow.
    }
  },

  churn() {
    let count = 0;
    const port: Serial = new Serial({
      transmit: 17,
      receive: 16,
      port: 1,
      baud: 115200,
      onReadable() {
        const data = new Uint8Array(port.read() as ArrayBuffer);
        count += data.length;
        if (data[0] === 0x21) port.write(data);
        if (data[0] === 0x3f) say("count", count);
      },
    });
  },

  idle() {},
};

export default function main(): void {
  programs[config.program]();
}
