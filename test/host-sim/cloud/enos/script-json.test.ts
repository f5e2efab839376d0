/** What parsing scripts return, read as messages and as replies. */
import { expect, test } from "vitest";
import { readScriptMessage, readScriptReply } from "../../../../host-sim/cloud/enos/script-json";

test.each<[string, object]>([
  ['{"id":"9","code":200,"data":{}}', { id: "9", code: 200, data: {} }],
  ['{"id":"9","code":5}', { id: "9", code: 5 }],
  ['{"id":"9","code":"200","data":"","message":""}', { id: "9", code: 200, data: "", message: "" }],
  ['{"id":9,"code":"-5"}', { id: "9", code: -5 }],
  ['{"id":"9","code":"2e2"}', { enosCode: 1220, reason: "the parsing script returned JSON without a code" }],
  ['{"id":"9","code":1220,"data":{}}', { id: "9", code: 1220, data: {} }],
  [
    '{"id":"9","code":1220,"message":"3 bytes\\u001b"}',
    { enosCode: 1220, reason: "the parsing script could not read it: 3 bytes\\u001b", isByScript: true },
  ],
  ["rubbish", { enosCode: 1220, reason: "the parsing script returned: not JSON" }],
  ["", { enosCode: 1251, reason: "the parsing script returned: empty payload" }],
  ['{"id":"9"}', { enosCode: 1220, reason: "the parsing script returned JSON without a code" }],
])("a script's reply: %s", (json, reply) => {
  expect(readScriptReply(json)).toEqual(reply);
});

test.each<[string, object]>([
  [
    '{"id":"9","method":"thing.measurepoint.post","params":{}}',
    { id: "9", method: "thing.measurepoint.post" },
  ],
  [
    '{"id":"9","code":1220,"message":"no"}',
    { enosCode: 1220, reason: "the parsing script could not read it: no" },
  ],
  ['{"code":"x"}', { enosCode: 1220, reason: "the parsing script returned JSON without a method" }],
  ['{"code":"1204","message":"no"}', { enosCode: 1204 }],
  ['{"id":"9","code":"200","data":""}', { enosCode: 1220 }],
  ['{"method":5}', { enosCode: 1220 }],
  ["[1]", { enosCode: 1220, reason: "the parsing script returned: not a JSON object" }],
])("a script's message: %s", (json, read) => {
  expect(readScriptMessage(json)).toMatchObject(read);
});
