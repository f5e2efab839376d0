/** What schemas compile to is kept from one API to the next, and never taken for that of another schema. */
import { describe, expect, it } from "vitest";
import { judgeOf, writersBy } from "../../../../host-sim/cloud/api/compiled-schemas";

const schema = () => ({ type: "object", properties: { count: { type: "integer" } }, required: ["count"] });

describe("a judge", () => {
  it("is the same for the same schema, whoever has a copy of it", () => {
    expect(judgeOf(schema(), "rest")).toBe(judgeOf(schema(), "rest"));
    expect(judgeOf({ ...schema(), required: [] }, "rest")).not.toBe(judgeOf(schema(), "rest"));
  });

  it("turns text into numbers in query and path, and not in a body", () => {
    const query = { count: "3" };
    expect(judgeOf(schema(), "rest")(query)).toBe(true);
    expect(query).toEqual({ count: 3 });
    expect(judgeOf(schema(), "body")({ count: "3" })).toBe(false);
  });
});

describe("a writer", () => {
  const route = (title: string) => ({ method: "GET", url: "/", httpStatus: "200", schema: { title } });

  it("is compiled when there is something to be written, and once for all APIs whose names mean the same", () => {
    const compiled: string[] = [];
    const api = (names: string[]) =>
      writersBy(
        () =>
          ({ schema: { title } }: any) => {
            compiled.push(`${title} of ${names.join()}`);
            return (document: unknown) => `${title} of ${names.join()}: ${String(document)}`;
          },
        names,
      )({}, {});
    const [first, second, other] = [api(["a"]), api(["a"]), api(["a", "b"])];
    const writers = [first, second, other].map((each) => each(route("one")));
    expect(compiled).toEqual([]);
    expect(writers.map((write) => write(1))).toEqual(["one of a: 1", "one of a: 1", "one of a,b: 1"]);
    expect(writers[0](2)).toBe("one of a: 2");
    expect(first(route("two"))(3)).toBe("two of a: 3");
    expect(compiled).toEqual(["one of a", "one of a,b", "two of a"]);
  });
});
