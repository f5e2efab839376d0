import { test } from "vitest";
import { engines, runFixture } from "./bench";
for (const [name, open] of engines) for (const program of ["timers","clock","random","jobs","refusals","pins","scope","storage","fault","ticks"])
test(name+program, async () => {
  const e = open();
  try {
  const b = await runFixture(e, {program, nested:{list:[1,2]}}, program==="ticks"?60*86400e3:3000);
  console.log(name, program, "\n"+b.log.join("\n"), b.restarts.map(r=>[r.reason,r.text]));
  } finally { await e.close(); }
});
