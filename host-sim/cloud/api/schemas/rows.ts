/** Lists that are answered as JSON, as CSV or as JSON lines: their formats, limits and answers. */
import { ref, text } from "./parts";
import type { Schema } from "./parts";

export type Format = "json" | "csv" | "jsonl";

/** For the query of a route that answers a list. */
export const format = text("of the answer; default: by the Accept header, else json", {
  enum: ["json", "csv", "jsonl"],
});

/** Most entries of a list as JSON, which is built whole, and of one that is streamed. */
export const mostRows: Readonly<Record<Format, number>> = { json: 1000, csv: 10_000, jsonl: 10_000 };

/** An answer that is a list by its name, or rows. */
export function rowsAnswer(description: string, name: string): Schema {
  return {
    description,
    content: {
      "application/json": { schema: ref(name) },
      "text/csv": { schema: { type: "string" } },
      "application/x-ndjson": { schema: { type: "string" } },
    },
  };
}
