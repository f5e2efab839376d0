/** Uploads take turns: one at a time with each peer, in the order of their start. */
import { expect, it } from "vitest";
import { Uploads } from "../../../firmware/coap/block-uploads";
import type { Upload } from "../../../firmware/coap/block-uploads";

function rig(maxRequests = 3, random = 0) {
  const uploads = new Uploads({ random: () => random, maxRequests });
  const heard: string[] = [];
  const upload = (name: string, address = "192.0.2.1", port = 5683): Upload => ({
    ...{ address, port },
    haveTurn: (now) => void heard.push(`${name} at ${now}`),
    cancel: (now) => {
      heard.push(`${name} cancelled`);
      uploads.leave(each[name], now);
    },
  });
  const each: Record<string, Upload> = {};
  each.a = upload("a");
  each.b = upload("b");
  each.c = upload("c", "192.0.2.2");
  each.d = upload("d", "192.0.2.1", 5684);
  return { uploads, heard, each };
}

it("has one wait for the other to the same peer, and none to another", () => {
  const { uploads, heard, each } = rig(4);
  expect([each.a, each.b, each.c, each.d].map((one) => uploads.enter(one))).toEqual([
    true,
    false,
    true,
    true,
  ]);
  uploads.leave(each.a, 5);
  expect(heard).toEqual(["b at 5"]);
});

it("keeps the place of one that begins anew, and has no room for more than it may", () => {
  const { uploads, heard, each } = rig(2);
  expect([each.a, each.b, each.a, each.c].map((one) => uploads.enter(one))).toEqual([
    true,
    false,
    true,
    undefined,
  ]);
  // One that gives up before its turn holds nobody up, and gives no turn away.
  uploads.leave(each.b, 5);
  uploads.leave(each.b, 6);
  expect(heard).toEqual([]);
});

it("cancels all that wait, and nobody has a turn meanwhile", () => {
  const { uploads, heard, each } = rig();
  for (const one of [each.a, each.b]) uploads.enter(one);
  uploads.close(7);
  expect(heard).toEqual(["b cancelled", "a cancelled"]);
});

it("counts Request-Tags up from a random start, over the end", () => {
  const { uploads } = rig(1, 0xffff / 0x10000);
  expect([uploads.takeTag(), uploads.takeTag()]).toEqual([Uint8Array.of(0xff, 0xff), Uint8Array.of(0, 0)]);
});
