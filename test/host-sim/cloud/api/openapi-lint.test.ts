/** The OpenAPI document as others' tools judge it: Redocly's linter, with its strictest ruleset for everybody. */
import { createConfig, lintFromString } from "@redocly/openapi-core";
import { expect, test } from "vitest";
import { LiveCapture } from "../../../../host-sim/cloud/capture/live-capture";
import { Feed } from "../../../../host-sim/cloud/console/feed";
import { webhooksOver } from "../webhooks/rig";
import { apiRig } from "./rig";

async function problemsOf(document: object): Promise<string[]> {
  const config = await createConfig({ extends: ["recommended-strict"] });
  const source = JSON.stringify(document);
  const problems = await lintFromString({ source, config, absoluteRef: "openapi.json" });
  return problems.map(
    ({ ruleId, message, location }) => `${ruleId}: ${message} ${location[0]?.pointer ?? ""}`,
  );
}

const address = { host: "127.0.0.1:8080" };

test("without a token it has nothing to find fault with", async () => {
  const capture = new LiveCapture(() => ({ address: "127.0.0.1", port: 5683 }));
  const { call } = await apiRig({ feed: new Feed(() => 0), capture, webhooks: webhooksOver().webhooks });
  expect(await problemsOf((await call("GET", "/openapi.json", undefined, address)).body)).toEqual([]);
});

test("with a token neither", async () => {
  const token = "0123456789abcdef";
  const { call } = await apiRig({ token });
  const headers = { ...address, authorization: `Bearer ${token}` };
  expect(await problemsOf((await call("GET", "/openapi.json", undefined, headers)).body)).toEqual([]);
});

test("the linter would find what is wrong", async () => {
  const { call } = await apiRig();
  const { body } = await call("GET", "/openapi.json", undefined, address);
  delete body.servers;
  delete body.paths["/api/v1/devices"].get.operationId;
  body.paths["/api/v1/status"].get.responses["200"].content["application/json"].schema = {
    $ref: "#/nowhere",
  };
  const rules = (await problemsOf(body)).map((problem) => problem.replace(/:.*$/s, ""));
  expect(rules.sort()).toEqual([
    "no-empty-servers",
    "no-unresolved-refs",
    "no-unused-components",
    "operation-operationId",
  ]);
});
