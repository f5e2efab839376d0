/**
 * The words of this room's events in the device's log.
 */
import { quoted } from "../text/wording";
import type { RemoteSettingsEvent } from "../device/part-event";

/** The line of an event, without a line end. */
export function remoteSettingsLine(event: RemoteSettingsEvent): string {
  return `remote settings: ${wordsOf(event)}`;
}

function wordsOf(event: RemoteSettingsEvent): string {
  switch (event.kind) {
    case "remote settings changed":
      return `changed version=${event.version} names=${quoted(event.names)}`;
    case "remote settings refused":
      return `refused reason=${quoted(event.reason)}`;
    case "remote settings in force":
      return `in force version=${event.version} trial=${event.trial}`;
    case "remote settings kept":
      return `kept version=${event.version}`;
    case "remote settings taken back":
      return `taken back version=${event.version} reason=${quoted(event.reason)}`;
    case "remote settings failed":
      return `failed reason=${quoted(event.reason)}`;
  }
}
