/**
 * A parsing script that opens what it is told to have opened: its messages say in JSON what it says of them. It stands for
 * the script of a sealed product where the stand-in's books are tested, and not what is in an envelope.
 */
import type { Seal } from "../../../../host-sim/cloud/script/seal";

/** Source of the script. */
export const saidScript = `
var lastSealed = null;
function rawDataToJsonStr(bytes) {
  lastSealed = null;
  var said = JSON.parse(String.fromCharCode.apply(null, bytes));
  if (said.refused) throw new Error("sealed: " + said.refused);
  lastSealed = said.seal || null;
  return JSON.stringify(said.json);
}
function jsonStrToRawData(json) {
  var message = JSON.parse(json);
  if (message.method && !message.params.deviceKey) throw new Error("sealed: no deviceKey in params");
  var bytes = [];
  for (var i = 0; i < json.length; i++) bytes.push(json.charCodeAt(i));
  return bytes;
}`;

/** The bytes of a message that the script has these words for. ASCII. */
export function said(words: { seal?: Partial<Seal>; json?: unknown; refused?: string }): Uint8Array {
  return Buffer.from(JSON.stringify(words), "ascii");
}
