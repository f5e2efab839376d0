/** A reading that is taken while the session is busy with commands: its request is made when it can leave. */
import { expect, it } from "vitest";
import { AgentRig } from "../device/rig";
import { root } from "../enos/fake-enos";

const post = `POST ${root}/thing/measurepoint/post`;
const set = "thing/service/measurepoint/set";
const epoch = 1_700_000_000_000;

it("goes out with the time that became known while it waited behind a command", () => {
  const rig = new AgentRig({ format: "json", interval: 30, reports: 2 });
  rig.server.downlinks.push({ topic: set, payload: '{"id":"5","params":{"relay":1}}' });
  let lost = 99;
  rig.server.script = ({ line }) => (line.startsWith("GET ") && lost-- > 0 ? "silence" : "default");
  // The second reading is taken while the GET of the command is not answered yet.
  rig.wait(32_000);
  lost = 0;
  const fetched = rig.server.lines.filter((line) => line.startsWith("GET "));
  expect([rig.samples, fetched.length > 0]).toEqual([2, true]);
  rig.agent.setTime(epoch, 0);
  rig.wait(240_000);
  const reports = rig.server.seen.filter(({ line }) => line === post);
  expect(reports.map(({ payload }) => (JSON.parse(payload) as { params: object }).params)).toEqual([
    { measurepoints: { n: 1 } },
    { measurepoints: { n: 2 }, time: epoch + 30_000 },
  ]);
  expect(rig.sets).toEqual([{ relay: 1 }]);
});
