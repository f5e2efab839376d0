/**
 * The bridge between the simulated board (host, on Node) and the JavaScript engine in which the
 * firmware runs (guest: a bare Node context, or XS in a process of its own). Both ends use this file.
 *
 * Numbers are little-endian, text is UTF-16 code units (the guest has no TextDecoder, and a string of
 * JavaScript goes through unchanged). `now` and `due` are virtual ms since power-on.
 *
 * Events, host to guest: `handleCommand(ArrayBuffer)`
 *
 *   0      1      2      3      4             8               16
 *   +------+------+------+------+-------------+---------------+-------- - - -
 *   | kind | pin  | level|   0  | free  u32   | now  f64      | body
 *   +------+------+------+------+-------------+---------------+-------- - - -
 *
 *   boot            body: wall clock f64 (epoch ms) | seed length u32 | config length u32 (units)
 *                         | seed, text; none: random bytes come from the host | config, JSON text
 *                   pin: index in `resetReasons`
 *   timers          the earliest timer is due
 *   serialReceived  body: the bytes
 *   serialWritable  free: room in the TX FIFO, bytes
 *   pinChanged      pin, level: a level on an input
 *   collect         the engine is asked to collect its garbage; brings no time
 *
 *   Answer: 8 bytes, due f64: when the next timer is due, NaN for never. It is asked for after the
 *   promise jobs that the event caused have run.
 *
 * Commands, guest to host, answered before the guest goes on: `issueCommand(ArrayBuffer)`
 *
 *   0      1      2             4
 *   +------+------+-------------+-------- - - -
 *   | kind | a    | b  u16      | body
 *   +------+------+-------------+-------- - - -
 *
 *   trace        body: text
 *   serialOpen   a: 1 if it listens to onWritable; body: baud u32   answer: text, why it failed; none: opened
 *   serialWrite  body: bytes                           answer: 1 byte, 1 taken, 0 "output full"
 *   serialClose
 *   pinWrite     a: level, b: pin
 *   digest       a: index in `digests`, b: the digest begun, 0 for none; body: data   answer: digest
 *   digestPart   a, b: likewise, b not 0; body: data that goes before; none: what was begun is given up
 *   cipher       a: `cipherMode` | `cipherDecrypt`, b: key length
 *                body: key | iv (16 bytes) | data, but for CTR whole blocks   answer: as many bytes
 *   keyOpen      body: path                            answer: as serialOpen
 *   keyRead      b: path length; body: path, key       answer: `valueType` u8 | 0 | value
 *   keyWrite     a: `valueType`, b: path length; body: key length u16 | path, key | value   answer: as serialOpen
 *   keyDelete    as keyRead                            answer: as serialOpen
 *   keyList      body: path                            answer: text, each key followed by U+0000
 *   clockSet     body: wall clock f64 (epoch ms)
 *   restart
 *   deepSleep    body: ms u32
 *   lightSleep   a: 1 if RI is wired; body: ms u32     from the end of the turn on
 *   retainedRead body: offset u32 | length u32         answer: bytes of the memory that outlives deep sleep
 *   retainedWrite body: offset u32 | bytes
 *   retainedCrc32 body: as retainedRead                answer: CRC-32 of those bytes, u32
 *   random       body: length u32                      answer: as many bytes that nobody can foretell
 *   flashStatus  a: the number by which the guest calls it from now on; body: partition's name
 *                                                      answer: size, block length, both u32; none: no such
 *   flashRead    a: likewise; body: length u32 | offset u32   answer: the bytes; none: it failed
 *   flashWrite   a: likewise; body: offset u32 | bytes answer: none; 1 byte: it failed
 *   flashErase   a: likewise; body: block u32          answer: as flashWrite
 *   slots        a: index in `slotOperations`          answer: what ESP-IDF's function returns, i32
 *   verify       body: public key x | y | SHA-256 | signature r | s   answer: 1 byte, 1 if it is the key's signature
 *   ask          body: text, what an application under test tells or asks   answer: text
 *   i2c          a: 1 reads, 0 writes, b: address; body: now f64 | data pin u8 | clock pin u8 | length to read u16 | bytes
 *                                                      answer: 1 it came to its end, 0 not, u8 | 0 | ms it took u16 | bytes
 *   analogRead   b: pin                                answer: volts f64, NaN where it fails
 *   delay        body: now f64, when the firmware goes on
 *
 *   A value is its bytes, its text, or f64.
 */

/** Kinds of event, host to guest. */
export const HostEvent = Object.freeze({
  boot: 1,
  timers: 2,
  serialReceived: 3,
  serialWritable: 4,
  pinChanged: 5,
  collect: 6,
});

/** Length of an event without its body, bytes. */
export const eventHeader = 16;

/** Why the board started, as ESP-IDF's `esp_reset_reason_t` numbers it. */
export const resetReasons = Object.freeze([
  "Unknown",
  "Power-On",
  "External Pin",
  "Software",
  "Panic",
  "Interrupt WDT",
  "Task WDT",
  "Other WDT",
  "Deep Sleep",
  "Brownout",
  "SDIO",
  "USB",
  "JTAG",
  "eFuse",
  "Power Glitch",
  "CPU Lockup",
]);

/** How many of these the SDK's module has a word for: it calls any other one "Invalid". */
export const namedReasons = 11;

/** Kinds of command, guest to host. */
export const GuestCommand = Object.freeze({
  trace: 1,
  serialOpen: 2,
  serialWrite: 3,
  serialClose: 4,
  pinWrite: 5,
  digest: 6,
  cipher: 7,
  keyRead: 8,
  keyWrite: 9,
  keyDelete: 10,
  keyList: 11,
  clockSet: 12,
  restart: 13,
  flashStatus: 14,
  flashRead: 15,
  flashWrite: 16,
  flashErase: 17,
  deepSleep: 18,
  retainedRead: 19,
  retainedWrite: 20,
  retainedCrc32: 21,
  keyOpen: 22,
  random: 23,
  ask: 24,
  i2c: 25,
  analogRead: 26,
  delay: 27,
  lightSleep: 28,
  digestPart: 29,
  slots: 30,
  verify: 31,
});

/** What the firmware asks of the two slots for its image. */
export const slotOperations = Object.freeze(["activate", "back", "state", "confirm"] as const);

/** Length of a command without its body, bytes. */
export const commandHeader = 4;

/** Bytes that each of the ESP32's UART FIFOs has room for. */
export const fifoSize = 128;

/** Digests of the `crypt` module: name, and lengths in bytes. */
export const digests = Object.freeze([
  Object.freeze({ name: "MD5", blockSize: 64, outputSize: 16 }),
  Object.freeze({ name: "SHA1", blockSize: 64, outputSize: 20 }),
  Object.freeze({ name: "SHA224", blockSize: 64, outputSize: 28 }),
  Object.freeze({ name: "SHA256", blockSize: 64, outputSize: 32 }),
  Object.freeze({ name: "SHA384", blockSize: 128, outputSize: 48 }),
  Object.freeze({ name: "SHA512", blockSize: 128, outputSize: 64 }),
]);

/** Modes of operation of AES. */
export const cipherMode = Object.freeze({ ecb: 0, cbc: 1, ctr: 4 });
/** Added to the mode for decryption. */
export const cipherDecrypt = 2;

/** What a value in the key-value storage is; `failed`: the text says why it could not be read. */
export const valueType = Object.freeze({ absent: 0, buffer: 1, string: 2, number: 3, failed: 4 });
