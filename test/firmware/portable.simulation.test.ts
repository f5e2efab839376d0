/**
 * The firmware's protocol rooms on XS: what passes on Node can throw, or come out differently, on the
 * engine of the board.
 */
import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { Board } from "../../host-sim/sim/board/board";
import { bundleFirmware } from "../../host-sim/sim/board/bundle";
import { NodeEngine } from "../../host-sim/sim/engine/node-engine";
import { VirtualClock } from "../../host-sim/sim/time/clock";
import { XsEngine } from "../../host-sim/sim/engine/xs-engine";
import { density } from "../density";
import { xsMissing } from "../host-sim/sim/board/rig";
import type { Engine } from "../../host-sim/sim/engine/engine";

interface Vectors {
  auth: { sign: string }[];
  session: { sign: string }[];
}
const read = (name: string): unknown => JSON.parse(readFileSync(`test/vectors/${name}.json`, "utf8"));
const vectors = read("enos-sign") as Vectors;
const ccm = read("rfc3610") as { vectors: { plain: string; sealed: string }[] };
const hkdf = read("rfc5869") as { vectors: { expanded: string }[] };
const { mac0 } = read("cose") as { mac0: { mac: string }[] };

let bundle: string;
beforeAll(async () => {
  bundle = await bundleFirmware({ entry: "test/firmware/portable.ts" });
});

/** Everything that the portable work traces in this engine. */
async function trace(engine: Engine, seed: number, count: number): Promise<string[]> {
  let text = "";
  try {
    await engine.evaluate(bundle);
    const board = new Board({
      engine,
      scheduler: new VirtualClock(),
      seed,
      epoch: 0,
      config: { count, vectors, sealVectors: { ccm: ccm.vectors, hkdf: hkdf.vectors, hmac: mac0 } },
      keyValue: new Map(),
      serial: { write() {}, txFree: () => 128 },
      onTrace: (piece) => (text += piece),
      onPin: () => {},
    });
    await board.start();
  } finally {
    await engine.close();
  }
  return text.split("\n");
}

describe.skipIf(xsMissing !== undefined)("the protocol rooms", () => {
  test.each(density([1, 2, 3], [1]))("do on XS what they do on Node, seed %i", async (seed) => {
    const here = await trace(new NodeEngine(), seed, 600);
    expect(await trace(new XsEngine(), seed, 600)).toEqual(here);
    // Every suite did its work, to the end.
    const suites = new Set(here.map((line) => line.split(" ")[0]));
    expect([...suites].sort()).toEqual(
      [
        "",
        "auth",
        "ccm",
        "codec",
        "command",
        "end",
        "exchange",
        "hkdf",
        "hmac",
        "journal",
        "json",
        "memory",
        "model",
        "modem",
        "pair",
        "payload",
        "psm",
        "recall",
        "seal",
        "sign",
        "text",
      ].sort(),
    );
    expect(here.filter((line) => line.startsWith("codec ")).length).toBe(600);
    const pair = here.filter((line) => line.startsWith("pair ")).join("\n");
    const happened = [/ response[0-9A-F]{200}/, / timeout/, / no-response/, / cancelled/, /!duplicate/];
    happened.push(/!handler-failed/, /!malformed/, /!critical-option/, /!unexpected/);
    expect(happened.filter((what) => !what.test(pair))).toEqual([]);
    const nothing = JSON.stringify({ outgoing: 0, received: 0, waiting: 0, transfers: 0 });
    expect(pair.split(`end [${nothing},${nothing}]`)).toHaveLength(3);
    const journal = here.filter((line) => line.startsWith("journal ")).join("\n");
    const journalled = [
      / cut power/,
      / lost \d+ 1 thinned/,
      / lost \d+ [12] dropped/,
      / alone /,
      / timed /,
      /dated true/,
    ];
    expect(journalled.filter((what) => !what.test(journal))).toEqual([]);
    expect(here.filter((line) => line.startsWith("text ") && !line.includes(" true "))).toEqual([]);
  });

  test("XS outlives JSON nested deeper than its stack", async () => {
    const lines = (await trace(new XsEngine(), 1, 1)).filter((line) => line.startsWith("json "));
    const deep = "too-deep too-deep none unreadable";
    expect(lines.slice(0, 5)).toEqual([
      `json [ ${deep}`,
      `json {"a": ${deep}`,
      `json [{"a": ${deep}`,
      `json [[], ${deep}`,
      `json {"id":"1","code":200,"token":[ ${deep}`,
    ]);
    expect(lines.slice(5)).toEqual([
      "json 9 too-many-digits too-many-digits none unreadable",
      'json "\\"[{ none none none unreadable',
    ]);
  });

  test("sign and seal on XS as the vectors say", async () => {
    const lines = await trace(new XsEngine(), 1, 1);
    const of = (suite: string): string[] =>
      lines.flatMap((line) => (line.startsWith(`${suite} `) ? [line.slice(suite.length + 1)] : []));
    expect(of("auth")).toEqual(vectors.auth.map((vector) => vector.sign));
    expect(of("sign")).toEqual(vectors.session.map((vector) => vector.sign));
    const upper = (text: string): string => text.toUpperCase();
    expect(of("ccm")).toEqual(ccm.vectors.map(({ plain, sealed }) => `${upper(sealed)} ${upper(plain)}`));
    expect(of("hkdf")).toEqual(hkdf.vectors.map(({ expanded }) => upper(expanded.slice(0, 64))));
    expect(of("hmac").map((digest) => digest.slice(0, 16))).toEqual(mac0.map(({ mac }) => upper(mac)));
  });
});
