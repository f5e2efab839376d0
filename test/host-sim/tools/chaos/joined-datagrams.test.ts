/** Devices whose modem gives what waits in it as one, on a network that brings much of it twice (chaos seed 40). */
import { expect, test } from "vitest";
import { kindsNamed } from "../../../../host-sim/tools/chaos/kinds";
import { randomScript } from "../../../../host-sim/tools/chaos/script";
import { run } from "./planted";

test.each(["sim7000", "sim7080"])("%s: each command is obeyed, whatever comes behind it", async (modem) => {
  const chosen = { modem, edition: "token", format: "raw" } as const;
  const script = randomScript(40, 12, chosen, kindsNamed(["slow-network", "duplication", "commands"]));
  const result = await run(script);
  expect(result.violations).toEqual([]);
  expect(result.commands).toBeGreaterThan(8);
});
