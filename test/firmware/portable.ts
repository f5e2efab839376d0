/**
 * The firmware's protocol rooms put through the same random work in any engine; what they make of it
 * is traced, line by line, for a test on the host to compare between engines and with known answers.
 *
 * It runs as the main module of a simulated board: no Node, frozen built-ins, seeded Math.random.
 */
import config from "mc/config";
import { Endpoint } from "../../firmware/coap/endpoint";
import { serverHalf } from "../../firmware/coap/server-half";
import { decode, encode } from "../../firmware/coap/message";
import { internet, narrowband } from "../../firmware/coap/transmission";
import { DemoApplication } from "../../firmware/application";
import { CommandMemory } from "../../firmware/continuity/command-memory";
import { CommandExecutor } from "../../firmware/device/commands";
import { readToken } from "../../firmware/enos/token";
import { RequestSigner, signAuthentication } from "../../firmware/enos/sign";
import { measurepointParams, readAnswer, requestBody } from "../../firmware/enos/body";
import { parseJsonCommand } from "../../firmware/enos/command";
import { beginBatch } from "../../firmware/model/batch";
import { decodeCommand } from "../../firmware/model/command";
import { encodeReport } from "../../firmware/model/report";
import { AtEngine } from "../../firmware/modem/at/engine";
import { epochOf } from "../../firmware/modem/at/clock";
import { fieldsOf, findImei, parseCereg, parseClock } from "../../firmware/modem/at/fields";
import { decodeT3324, decodeT3412, encodeT3324, encodeT3412 } from "../../firmware/modem/at/timers";
import { moddableCryptography } from "../../firmware/board/crypt";
import { ascii, asciiText, hexText } from "../../firmware/text/ascii";
import { parseJsonObject } from "../../firmware/text/json";
import { decodeUtf8, encodeUtf8 } from "../../firmware/text/utf8";
import { journalWork, memoryWork, recallWork } from "./journal/journal-portable";
import { thingModel } from "./model/portable";
import { sealWork } from "./seal/portable";
import type { OutgoingMessage } from "../../firmware/coap/message";
import type { Type } from "../../firmware/coap/code";
import type { Transmission } from "../../firmware/coap/transmission";
import type { SealVectors } from "./seal/portable";

interface Vectors {
  readonly auth: readonly { productKey: string; deviceKey: string; deviceSecret: string; lifetime: number }[];
  readonly session: readonly { deviceSecret: string; token: string; sequence: number }[];
}

const below = (limit: number): number => Math.floor(Math.random() * limit);

function randomBytes(most: number): Uint8Array {
  const bytes = new Uint8Array(below(most + 1));
  for (let i = 0; i < bytes.length; i++) bytes[i] = below(256);
  return bytes;
}

function say(suite: string, text: string): void {
  trace(`${suite} ${text}\n`);
}

function randomMessage(): OutgoingMessage {
  const options = [];
  for (let number = below(20), i = below(5); i > 0; i--, number += below(700)) {
    options.push({ number, value: randomBytes(below(8) === 0 ? 300 : 12) });
  }
  return {
    type: below(4) as Type,
    code: [1, 2, 0x44, 0x45, 0x81, 0xa0][below(6)],
    messageId: below(0x10000),
    token: randomBytes(8),
    options,
    payload: randomBytes(40),
  };
}

/** Sound messages, sound messages with a byte changed or cut off, and noise. */
function randomDatagram(): Uint8Array {
  const kind = below(4);
  if (kind === 0) return randomBytes(40);
  const out = new Uint8Array(2_000);
  const length = encode(randomMessage(), out);
  if (kind === 1) out[below(length)] = below(256);
  return out.slice(0, kind === 2 ? below(length + 1) : length);
}

function codec(count: number): void {
  for (let i = 0; i < count; i++) {
    const datagram = randomDatagram();
    const message = decode(datagram);
    if (typeof message === "string") {
      say("codec", `${hexText(datagram)} ${message}`);
      continue;
    }
    const again = new Uint8Array(datagram.length);
    const options = message.options.map((option) => `${option.number}=${hexText(option.value)}`).join(",");
    // An option may state its length in more bytes than it needs: then encoding is shorter.
    const length = encode(message, again);
    say(
      "codec",
      `${message.type} ${message.code} ${message.messageId} ${hexText(message.token)} ${options} ${hexText(message.payload)} ${length}`,
    );
  }
}

function exchanges(count: number): void {
  let sent = "";
  const endpoint = new Endpoint({
    transmit: (datagram, address, port) => (sent += ` ${hexText(datagram)}>${address}:${port}`),
    random: Math.random,
    transmission: narrowband,
    onDiscard: (reason, detail) => (sent += ` (${reason} ${detail})`),
  });
  let now = 0;
  let last = new Uint8Array(4);
  for (let i = 0; i < count; i++) {
    now += below(20_000);
    sent = "";
    const request = { address: "192.0.2.1", port: 5683, code: 2, payload: randomBytes(8) };
    if (below(3) === 0)
      endpoint.request({ ...request, onComplete: (outcome, at) => (sent += ` ${outcome.kind}@${at}`) }, now);
    if (below(2) === 0) {
      // Answers that come close to right: the last message id and token, mostly.
      const answer = last.slice(0, 8);
      answer[0] = (answer[0] & 0xcf) | (below(4) << 4);
      answer[1] = [0, 0x44, 0x45, 0x81][below(4)];
      endpoint.receive(below(4) === 0 ? randomDatagram() : answer, "192.0.2.1", 5683, now);
    }
    endpoint.poll(now);
    const match = /([0-9A-F]{16,})>/.exec(sent);
    if (match !== null)
      last = Uint8Array.from(match[1].match(/../g)!.slice(0, 8), (pair) => parseInt(pair, 16));
    say("exchange", `${now} ${endpoint.pending} ${Math.round(endpoint.deadline)}${sent}`);
  }
}

/** A datagram on the wire between two endpoints. */
interface Flight {
  readonly at: number;
  readonly to: Endpoint;
  readonly from: string;
  readonly datagram: Uint8Array;
}

/**
 * Two endpoints that are client and server to each other, on a wire that loses, doubles and overtakes:
 * requests of every kind, bodies in blocks both ways, handlers that take their time or fail, noise.
 */
function pair(count: number, transmission: Transmission): void {
  const flights: Flight[] = [];
  let now = 0;
  let heard = "";
  /** Until then nothing gets through, ms. */
  let dark = 0;
  const later: { at: number; run: (now: number) => void }[] = [];
  const join = (name: string, peer: () => Endpoint): Endpoint =>
    new Endpoint({
      transmit: (datagram) => {
        for (let copies = below(10) === 0 ? 2 : 1; copies > 0; copies--) {
          if (below(10) === 0 || now < dark) continue;
          flights.push({ at: now + 200 + below(4_000), to: peer(), from: name, datagram: datagram.slice() });
        }
      },
      random: Math.random,
      transmission,
      blockSize: name === "left" ? 64 : 32,
      maxBody: 600,
      offerBlockSize: name === "left",
      blockToken: name === "left" ? "fresh" : "same",
      understood: [{ number: 2101, minLength: 0, maxLength: 64, repeatable: false }],
      onDiscard: (reason) => (heard += ` ${name}!${reason}`),
      server: serverHalf({
        onRequest: (request, at) => {
          const length = request.message.payload.length;
          heard += ` ${name}:${request.message.code}/${length}`;
          if (length % 7 === 3) throw new Error("unlucky");
          const respond = (when: number): void => {
            heard += ` ${name}=${request.respond({ code: 0x45, payload: randomBytes(400) }, when)}`;
          };
          if (below(3) === 0) later.push({ at: at + below(30_000), run: respond });
          else respond(at);
        },
      }),
    });
  const left: Endpoint = join("left", () => right);
  const right: Endpoint = join("right", () => left);
  for (let i = 0; i < count; i++) {
    heard = "";
    now += below(3_000);
    if (below(100) === 0) dark = now + below(200_000);
    for (let k = 0; k < flights.length;) {
      if (flights[k].at > now) k += 1;
      else {
        const flight = flights.splice(k, 1)[0];
        flight.to.receive(flight.datagram, flight.from, 5683, now);
        k = 0;
      }
    }
    for (let k = 0; k < later.length;) {
      if (later[k].at > now) k += 1;
      else later.splice(k, 1)[0].run(now);
    }
    const client = below(2) === 0 ? left : right;
    if (below(12) === 0) {
      const exchange = client.request(
        {
          address: client === left ? "right" : "left",
          port: 5683,
          code: 1 + below(4),
          confirmable: below(4) > 0,
          options: below(8) === 0 ? [{ number: 2101, value: randomBytes(64) }] : undefined,
          payload: below(2) === 0 ? randomBytes(500) : undefined,
          onComplete: (outcome) => {
            const body = outcome.kind === "response" ? hexText(outcome.message.payload) : "";
            heard += ` ${outcome.kind}${body}`;
          },
        },
        now,
      );
      if (below(12) === 0) exchange.cancel(now);
    }
    if (below(20) === 0) client.receive(randomDatagram(), "left", 5683, now);
    left.poll(now);
    right.poll(now);
    const tables = [left, right].map((each) => Object.values(each.held).join("/")).join(" ");
    say("pair", `${now} ${Math.round(left.deadline)} ${Math.round(right.deadline)} ${tables}${heard}`);
  }
  // Silence from here on: in the end nothing may be left.
  for (let end = Math.min(left.deadline, right.deadline); end < Infinity;) {
    now = Math.max(now, end);
    left.poll(now);
    right.poll(now);
    end = Math.min(left.deadline, right.deadline);
  }
  left.poll(now + 400_000);
  right.poll(now + 400_000);
  say("pair", `end ${JSON.stringify([left.held, right.held])}`);
  say("pair", JSON.stringify([left.rtoState ?? null, right.rtoState ?? null, left.retransmissions]));
}

const words = [
  "OK",
  "ERROR",
  "+CME ERROR: 14",
  '+CEREG: 5,1,"5B57","01A50B1A",9,,,"00000101","00100001"',
  "+CEREG: 2",
  "RDY",
  "\r",
  "\r\n",
  "AT",
  "864600030000017",
  '+CCLK: "26/01/01,00:00:15+00"',
  "+CSONMI: 0,4,4142",
  "\x00\xff",
  ">",
];

function modemLines(count: number): void {
  let heard = "";
  const engine = new AtEngine({
    write: (bytes) => (heard += ` >${asciiText(bytes).trim()}`),
    urcs: [ascii("+CEREG:"), ascii("+CSONMI:")],
    banners: [ascii("RDY")],
    onUrc: (line) => (heard += ` urc:${asciiText(line)}`),
    onBanner: () => (heard += " banner"),
  });
  let now = 0;
  for (let i = 0; i < count; i++) {
    heard = "";
    now += below(3_000);
    if (below(2) === 0) {
      engine.send(
        {
          line: ascii("AT+CEREG?"),
          timeout: 2_000,
          prefix: ascii("+CEREG:"),
          onDone: (result) => (heard += ` ${result.kind}`),
        },
        now,
      );
    }
    const word = words[below(words.length)];
    engine.receive(ascii(word), now);
    if (below(2) === 0) engine.receive(ascii("\r\n"), now);
    engine.poll(now);
    const line = ascii(word);
    const clock = parseClock(line);
    say(
      "modem",
      `${engine.unknown} ${engine.overflows}${heard} ${JSON.stringify([fieldsOf(line, 6), parseCereg(line) ?? null, findImei(line) ?? null, clock === undefined ? null : epochOf(clock)])}`,
    );
  }
  for (let seconds = 0; seconds < 4_000_000; seconds += 1 + below(40_000)) {
    const bits = [encodeT3412(seconds), encodeT3324(seconds)];
    say("psm", `${seconds} ${bits.join(" ")} ${decodeT3412(bits[0])} ${decodeT3324(bits[1])}`);
  }
}

function payloads(count: number): void {
  const out = new Uint8Array(200);
  let now = 0;
  const application = new DemoApplication({
    random: Math.random,
    rssi: () => -70 - below(50),
    now: () => now,
  });
  const { thing } = application;
  const stored = new Map<string, Uint8Array>();
  const memory = new CommandMemory({
    store: {
      read: (key) => stored.get(key)?.slice().buffer,
      write: (key, value) => void stored.set(key, value.slice()),
    },
    retained: undefined,
    crypto: moddableCryptography,
    clock: { epoch: 1_767_225_600_000 },
    log: () => {},
  });
  const executor = new CommandExecutor(thing, application.commands, () => {}, memory);
  for (let i = 0; i < count; i++) {
    const values = application.sample();
    now += below(100_000);
    const layout = below(2) === 0 ? "sample" : "compact";
    const length = encodeReport(thing, values, below(0x1_0000_0000), out, layout);
    say("payload", typeof length === "number" ? hexText(out.subarray(0, length)) : length.fault);
    const batch = beginBatch(thing, layout, i, 1_767_225_600_000 + now, below(2) === 0, out);
    while (batch.add(values, 1_767_225_600_000 + (now += below(1_000_000))) === "added");
    say("payload", hexText(out.subarray(0, batch.length)));
    say(
      "payload",
      hexText(
        requestBody(String(i), "thing/measurepoint/post", measurepointParams(values, 1_767_225_600_000 + i)),
      ),
    );
    const raw = randomBytes(14);
    if (below(2) === 0) raw[0] = 2;
    say("command", JSON.stringify(decodeCommand(thing, raw)));
    const params = [{ relay: below(3) }, { relay: "x" }, { temperature: 1 }, {}, { nonsense: 1 }, ["relay"]][
      below(6)
    ];
    const topic = [
      "thing/service/measurepoint/set",
      "thing/service/measurepoint/get",
      "thing/service/reboot",
    ][below(3)];
    const body =
      below(8) === 0 ? randomBytes(30) : encodeUtf8(JSON.stringify({ id: String(below(20)), params }));
    const reply = executor.handle(topic, body, now);
    say(
      "command",
      typeof reply === "string" ? reply : `${reply.duplicate} ${reply.code} ${asciiText(reply.payload)}`,
    );
  }
}

function texts(count: number): void {
  for (let i = 0; i < count; i++) {
    let text = "";
    for (let length = below(12); length > 0; length--)
      text += String.fromCodePoint(
        [below(0x80), below(0x800), 0xe000 + below(0x1fff), 0x10000 + below(0x100000)][below(4)],
      );
    const bytes = encodeUtf8(text);
    const noise = randomBytes(6);
    say("text", `${hexText(bytes)} ${decodeUtf8(bytes) === text} ${decodeUtf8(noise) === undefined}`);
  }
}

/** JSON that a parser which recurses does not survive, to each reader of JSON from outside. */
function hostileJson(): void {
  const pieces = ["[", '{"a":', '[{"a":', "[[],", '{"id":"1","code":200,"token":[', "9", '"\\"[{'];
  for (let i = 0; i < pieces.length; i++) {
    let text = "";
    for (let room = 8_000; room >= pieces[i].length; room -= pieces[i].length) text += pieces[i];
    const bytes = ascii(text);
    const read = [
      parseJsonObject(bytes) ?? "none",
      parseJsonCommand("thing/service/x", bytes) ?? "none",
      readAnswer(bytes) ?? "none",
      readToken(bytes) ?? "none",
    ];
    say("json", `${pieces[i]} ${read.join(" ")}`);
  }
}

function signatures(vectors: Vectors): void {
  for (const vector of vectors.auth)
    say("auth", signAuthentication(moddableCryptography, vector, vector.lifetime));
  for (const vector of vectors.session) {
    const signer = new RequestSigner(moddableCryptography, vector.deviceSecret, "zero");
    say("sign", asciiText(signer.sign(encodeUtf8(vector.token), vector.sequence)));
  }
}

export default function main(): void {
  const count = config.count as number;
  codec(count);
  exchanges(count);
  pair(3 * count, narrowband);
  pair(3 * count, internet);
  modemLines(count);
  payloads(Math.ceil(count / 4));
  thingModel(Math.ceil(count / 4), { below, say });
  texts(count);
  hostileJson();
  journalWork({ below, say });
  memoryWork({ below, say });
  recallWork(count, { below, say });
  signatures(config.vectors as Vectors);
  sealWork(Math.ceil(count / 4), config.sealVectors as SealVectors, { below, say });
  say("end", "");
}
