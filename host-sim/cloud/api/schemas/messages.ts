/** Schemas of the messages between devices and cloud. */
import { list, object, text, time, whole } from "./parts";
import type { NamedSchema } from "./parts";

/** What message routes answer. */
export const messageAnswers: readonly NamedSchema[] = [
  {
    $id: "Messages",
    ...object(
      {
        items: list(
          object(
            {
              number: whole("counts up over all that happens between devices and cloud"),
              at: time("when it passed"),
              way: text("up: from the device", { enum: ["up", "down"] }),
              peer: text("address and port of the other side"),
              size: whole("bytes"),
              line: text("type, code and path"),
              fields: list(list({ type: "string" }, "name and value; what is masked says so"), "its parts"),
              hex: text("the datagram; two dots for a byte that is masked"),
            },
            ["number", "at", "way", "peer", "size", "line", "fields", "hex"],
          ),
        ),
      },
      ["items"],
    ),
  },
];
