/** The manifest for Kubernetes against the published schema of batch/v1, and against what the command reads. */
import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { Job } from "kubernetes-models/batch/v1";
import { describe, expect, it } from "vitest";
import { shardOf } from "../../../../host-sim/tools/shards/shard-of";
import type { IJob } from "kubernetes-models/batch/v1";

const manifest = parse(readFileSync("host-sim/tools/shards/cluster/kubernetes.yaml", "utf8")) as IJob;

describe("the Job for Kubernetes", () => {
  it("has the fields that batch/v1 has, and no other", () => {
    expect(() => new Job(manifest).validate()).not.toThrow();
    // The schema would say so: it knows what is no field's type.
    const wrong = { ...manifest, spec: { ...manifest.spec!, completions: "sixteen" } } as unknown as IJob;
    expect(() => new Job(wrong).validate()).toThrow();
  });

  it("gives each pod a shard: as many as it says there are", () => {
    const { spec } = manifest;
    const [container] = spec!.template.spec!.containers;
    const shards = container.env!.find(({ name }) => name === "ENOS_SHARDS")!.value!;
    expect(spec).toMatchObject({ completionMode: "Indexed", completions: Number(shards) });
    const given = Array.from({ length: spec!.completions! }, (_, index) =>
      shardOf({ JOB_COMPLETION_INDEX: String(index), ENOS_SHARDS: shards }),
    );
    expect(given).toEqual(given.map((_, i) => ({ index: i + 1, count: given.length })));
    expect(container.env!.find(({ name }) => name === "RUN")!.value).toMatch(/^(fleet|chaos|energy) --/);
    expect(container.args!.join(" ")).toMatch(
      /run\.mjs \$RUN --out \/out\/shard-\$JOB_COMPLETION_INDEX\.json/,
    );
  });
});
