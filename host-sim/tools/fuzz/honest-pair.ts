/**
 * Block-wise transfer between two endpoints of ours that keep the rules, over a wire that does not: what
 * arrives is what was sent, or nothing.
 */
import { Code } from "../../../firmware/coap/code";
import { Endpoint } from "../../../firmware/coap/endpoint";
import { serverHalf } from "../../../firmware/coap/server-half";
import { OptionNumber } from "../../../firmware/coap/option";
import { internet } from "../../../firmware/coap/transmission";
import { ascii } from "../../../firmware/text/ascii";
import { Random } from "../../sim/time/random";
import { pattern } from "./hostile-server";
import { Witness, check, hex } from "./target";
import type { EndpointOptions } from "../../../firmware/coap/endpoint";
import type { IncomingRequest, Outcome } from "../../../firmware/coap/exchange";
import type { Script, Watch } from "./target";

const lengths = [0, 10, 40, 64, 100, 333, 1_024, 2_000];

/** The answer to a body: of another length, and of no other body. */
const answerTo = (body: Uint8Array): Uint8Array => pattern(body[0] ?? 0, lengths[(body.length + 3) % 8]);

export function playHonestPair(script: Script, maxBody: number, watch: Watch): void {
  const flags = script.byte();
  const witness = new Witness();
  const flights: { to: "client" | "server"; datagram: Uint8Array }[] = [];
  const bodies: Uint8Array[] = [];
  let now = 0;
  let clean = true;
  const options = (name: "client" | "server"): EndpointOptions => {
    const random = new Random(name);
    const to = name === "client" ? "server" : "client";
    return {
      transmit: (datagram) => void flights.push({ to, datagram: datagram.slice() }),
      random: () => random.next(),
      transmission: { ...internet, nstart: 3, algorithm: (flags & 1) === 0 ? "plain" : "fasor" },
      maxBody,
      blockSize: script.pick([1024, 16, 64]),
      maxDatagram: script.pick([1152, 120]),
      offerBlockSize: (flags & 2) !== 0,
      blockToken: (flags & 4) === 0 ? "fresh" : "same",
      remembered: 32,
    };
  };
  const client = new Endpoint(options("client"));
  const server = new Endpoint({
    ...options("server"),
    server: serverHalf({
      maxTransfers: 3,
      onRequest: witness.watching((request: IncomingRequest) => {
        const { payload } = request.message;
        const known = bodies.some((body) => hex(body) === hex(payload));
        check(known, "the server gets the body that the client sent", () => hex(payload));
        request.respond({ code: Code.content, payload: answerTo(payload) }, now);
      }),
    }),
  });
  const ends = { client, server };
  const ask = (choice: number): void => {
    const body = pattern(bodies.length + 1, lengths[choice & 7]);
    bodies.push(body);
    const code = (choice & 8) === 0 ? Code.post : Code.fetch;
    const fields = [{ number: OptionNumber.uriPath, value: ascii("p") }];
    const alone = choice >> 4 === 0;
    const onComplete = (outcome: Outcome): void => {
      outcomes += 1;
      watch.feature(`pair ${outcome.kind} ${outcome.kind === "response" ? outcome.message.code : ""}`);
      if (outcome.kind === "response" && outcome.message.code === Code.content) {
        const { payload } = outcome.message;
        const right = hex(payload) === hex(answerTo(body));
        check(right, "the client gets the answer to its own body", () => `${payload.length} bytes`);
      } else if (clean && alone) {
        const long = Math.max(body.length, answerTo(body).length) > maxBody;
        check(long, "without loss a transfer succeeds", () => `${outcome.kind}, ${body.length} bytes`);
      }
    };
    client.request({ address: "server", port: 1, code, options: fields, payload: body, onComplete }, now);
  };
  let outcomes = 0;
  const count = 1 + (flags >> 6);
  for (let i = 0; i < count; i++) ask(count === 1 ? script.byte() & 15 : script.byte() | 16);

  for (let steps = 0; client.pending > 0 || flights.length > 0; steps++) {
    check(steps < 20_000, "a transfer comes to an end");
    if (flights.length === 0) {
      now = Math.max(now, Math.min(client.deadline, server.deadline));
      client.poll(now);
      server.poll(now);
      continue;
    }
    const fate = script.byte();
    const index = fate < 200 ? 0 : fate % flights.length;
    const [flight] = flights.splice(index, 1);
    if (fate >= 100) clean = false;
    if (fate >= 100 && fate < 130) continue;
    if (fate >= 130 && fate < 170) flights.push(flight);
    watch.step?.(`${flight.to} gets ${hex(flight.datagram)}`);
    ends[flight.to].receive(flight.datagram, flight.to === "client" ? "server" : "client", 1, now);
    witness.testify();
  }
  check(outcomes === count, "each request has one outcome", () => `${outcomes} of ${count}`);
}
