/**
 * The example product's generated code as the compiler sees it, and what it does with values that the
 * compiler never saw. `npm run typecheck` fails when a line below a ts-expect-error compiles.
 */
import { expect, expectTypeOf, test } from "vitest";
import {
  answerService,
  batch,
  checkAttributes,
  checkEvent,
  checkReport,
  readCommand,
  report,
  thing,
} from "../../../firmware/product/thing";
import type { Report, ServiceHandlers, Settings } from "../../../firmware/product/thing";
import { example, generated, load } from "./script";

const out = new Uint8Array(200);

test("a sound report compiles, and is read by the script", () => {
  const values: Report = { temperature: 21.5, rssi: { value: -101, quality: 9 }, relay: 1 };
  const length = report(values, 20, out, "compact");
  expect(length).toBe(5 + 2 + 2 + 2 + 1);
  const { files } = generated(example);
  const script = load(files["parsing-script.js"]);
  const json = script.rawDataToJsonStr([...out.subarray(0, length as number)]) as string;
  expect(JSON.parse(json)).toMatchObject({ id: "20", params: { measurepoints: values } });
  expect(thing.fingerprint).toBe(generated(example).fingerprint);
});

test("a wrong report does not compile", () => {
  // @ts-expect-error no such measure point
  expect(checkReport({ temprature: 21.5 })).toMatchObject({ fault: "unknown", id: "temprature" });
  // @ts-expect-error a text is no number
  expect(report({ temperature: "21.5" }, 1, out)).toMatchObject({ fault: "wrong-type" });
  // @ts-expect-error the enum has no 2
  expect(report({ relay: 2 }, 1, out)).toMatchObject({ fault: "out-of-range" });
  // @ts-expect-error its values come with a quality
  expect(report({ rssi: -101 }, 1, out)).toMatchObject({ fault: "wrong-type" });
  // @ts-expect-error the quality is missing
  expect(report({ rssi: { value: -101 } }, 1, out)).toMatchObject({ fault: "out-of-range" });
  // @ts-expect-error no such layout
  expect(typeof report({}, 1, out, "dense")).toBe("number");
  // @ts-expect-error no such measure point
  expect(batch(1, 0, false, out).add({ pressure: 1 }, 0)).toMatchObject({ fault: "unknown" });
  // @ts-expect-error no such attribute
  expect(checkAttributes({ colour: "red" })).toMatchObject({ fault: "unknown" });
  // @ts-expect-error an output is missing
  expect(checkEvent("overheat", {})).toMatchObject({ fault: "missing", id: "temperature" });
  // @ts-expect-error no such event
  expect(checkEvent("frozen", { temperature: 1 })).toMatchObject({ fault: "unknown" });
  // @ts-expect-error a reply's output is of another type
  expect(answerService("reboot", 1, { code: 200, data: { accepted: 1 } }, out)).toMatchObject({
    fault: "wrong-type",
  });
  // Not a matter of types.
  expect(report({ temperature: NaN }, 1, out)).toMatchObject({ fault: "not-finite", id: "temperature" });
  expect(checkReport({ temperature: 126 })).toMatchObject({ fault: "out-of-range", id: "temperature" });
});

test("commands and handlers have the model's types", () => {
  expectTypeOf<keyof Settings>().toEqualTypeOf<"relay">();
  const handlers: ServiceHandlers = {
    reboot: ({ delay }) => ({ code: 200, data: { accepted: delay < 60 } }),
    calibrate: async ({ reference }) => {
      await Promise.resolve();
      return reference.humidity === undefined
        ? { code: 422, message: "no humidity" }
        : { code: 200, data: { corrections: [reference.temperature, reference.humidity] } };
    },
  };
  // @ts-expect-error a service has no handler
  const some: ServiceHandlers = { reboot: handlers.reboot };
  expect(some).toBeDefined();
  const command = readCommand(Uint8Array.of(17, 0, 0, 0, 1, 0, 0, 0, 5));
  if ("fault" in command || command.kind !== "service" || command.service !== "reboot")
    throw new Error("no reboot");
  expectTypeOf(command.inputs.delay).toEqualTypeOf<number>();
  // @ts-expect-error the service has no such input
  expect(command.inputs.reference).toBeUndefined();
  expect(handlers.reboot(command.inputs)).toEqual({ code: 200, data: { accepted: true } });
});
