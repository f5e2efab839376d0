/**
 * Shards on a real Slurm on this machine. A fleet in four: one task is killed in the middle, Slurm has it again, and the results
 * come to the same bytes as one process's. One that loses readings, whose tasks end well. A table of energy in two.
 */
import { execFile, spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, describe, expect, it } from "vitest";
import { obeyed } from "../../cli/command-line";
import type { ChildProcess } from "node:child_process";

const run = promisify(execFile);
const fleet = ["--devices", "60", "--hours", "8", "--per-cell", "10", "--seed", "3"];

/** Whether Slurm is missing here, which is said aloud; on CI it must be there. */
function missing(): boolean {
  if (
    ["slurmctld", "slurmd", "munged", "sbatch"].every((name) => spawnSync(name, ["-V"]).error === undefined)
  ) {
    return process.getuid?.() !== 0;
  }
  const advice = "slurm is not installed (Debian: apt install slurm-wlm munge)";
  if (process.env["CI"] !== undefined) throw new Error(`shards must be tested on Slurm, but ${advice}`);
  console.warn(`shards are not tested on Slurm: ${advice}`);
  return true;
}

/** The lines of slurm.conf that matter on one machine, without systemd and without accounting. */
function configuration(folder: string, ports: readonly [number, number]): string {
  const name = hostname().split(".")[0];
  return [
    "ClusterName=fleet",
    `SlurmctldHost=${name}(127.0.0.1)`,
    ...["SlurmUser=root", "SlurmdUser=root", "AuthType=auth/munge", "CredType=cred/munge"],
    `AuthInfo=socket=${folder}/munge.socket`,
    ...[`SlurmctldPort=${ports[0]}`, `SlurmdPort=${ports[1]}`],
    ...[`StateSaveLocation=${folder}/state`, `SlurmdSpoolDir=${folder}/spool`],
    ...[`SlurmctldPidFile=${folder}/ctld.pid`, `SlurmdPidFile=${folder}/slurmd.pid`],
    ...[`SlurmctldLogFile=${folder}/ctld.log`, `SlurmdLogFile=${folder}/slurmd.log`],
    ...["ProctrackType=proctrack/linuxproc", "TaskPlugin=task/none", "ReturnToService=2"],
    ...[
      "SelectType=select/cons_tres",
      "SelectTypeParameters=CR_CPU",
      "MpiDefault=none",
      "SwitchType=switch/none",
    ],
    ...["AccountingStorageType=accounting_storage/none", "JobAcctGatherType=jobacct_gather/none"],
    `NodeName=${name} NodeAddr=127.0.0.1 CPUs=2 RealMemory=2000 State=UNKNOWN`,
    `PartitionName=all Nodes=${name} Default=YES MaxTime=INFINITE State=UP`,
    "",
  ].join("\n");
}

describe.skipIf(missing())("Slurm", () => {
  let folder: string | undefined;
  let env: NodeJS.ProcessEnv | undefined;
  const daemons: ChildProcess[] = [];

  const slurm = async (name: string, ...args: string[]): Promise<string> => {
    const { stdout } = await run(name, args, { env });
    return stdout.trim();
  };

  /** Starts it, in a folder of the test's own. */
  async function begin(): Promise<void> {
    const own = (folder = mkdtempSync(join(tmpdir(), "slurm-")));
    chmodSync(own, 0o700);
    for (const name of ["state", "spool"]) mkdirSync(join(own, name));
    writeFileSync(join(own, "munge.key"), randomBytes(1_024), { mode: 0o400 });
    const port = 20_000 + (process.pid % 20_000);
    writeFileSync(join(own, "slurm.conf"), configuration(own, [port, port + 1]));
    env = {
      ...{ PATH: process.env.PATH, HOME: process.env.HOME },
      ...{ SLURM_CONF: join(own, "slurm.conf"), SHARDS_OUT: join(own, "out") },
    };
    const start = (name: string, ...args: string[]): void => {
      daemons.push(spawn(name, args, { env, stdio: "ignore" }));
    };
    const file = (name: string): string => join(own, name);
    start(
      "munged",
      ...["--force", "--foreground", `--key-file=${file("munge.key")}`, `--socket=${file("munge.socket")}`],
      ...[
        `--pid-file=${file("munge.pid")}`,
        `--log-file=${file("munge.log")}`,
        `--seed-file=${file("munge.seed")}`,
      ],
    );
    await expect.poll(() => existsSync(file("munge.socket"))).toBe(true);
    start("slurmctld", "-D", "-f", file("slurm.conf"));
    await expect.poll(() => slurm("sinfo", "-h", "-o", "%T").catch(() => "")).not.toBe("");
    start("slurmd", "-D", "-f", file("slurm.conf"));
    await expect.poll(() => slurm("sinfo", "-h", "-o", "%T")).toMatch(/^idle/);
  }

  afterAll(async () => {
    // Each by its own pid, the node's daemon first: whatever still runs of the test's tasks ends with it.
    if (env !== undefined) await slurm("scancel", "-u", "root", "--signal=KILL", "--full").catch(() => "");
    for (const daemon of daemons.reverse()) {
      daemon.kill("SIGTERM");
      await new Promise((resolve) => (daemon.exitCode === null ? daemon.once("exit", resolve) : resolve(0)));
    }
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  });

  const script = "host-sim/tools/shards/cluster/slurm.sh";

  /** Hands in an array of tasks, each a shard of what the words say. Resolves to the job's number. */
  const submit = (count: number, ...words: string[]): Promise<string> => {
    const log = join(folder!, "%A-%a.log");
    return slurm("sbatch", "--parsable", `--array=1-${count}`, `--output=${log}`, script, ...words);
  };

  it("has a task again that was killed, and comes to the bytes of one process", async () => {
    await begin();
    const place = folder!;
    const job = await submit(4, "fleet", ...fleet);
    const result = (index: number): string => join(place, "out", `shard-${index}.json`);
    // It has begun, which its file says, and has not ended, which it would say too.
    await expect.poll(() => existsSync(result(2))).toBe(true);
    await run("pkill", ["-KILL", "-f", result(2)]);
    await expect.poll(() => slurm("squeue", "-h", "-t", "all", "-j", `${job}_2`, "-o", "%T")).toBe("FAILED");
    expect(readFileSync(result(2), "utf8")).toContain('"failed":"it did not end"');
    const others = [1, 3, 4].map(result);
    await expect
      .poll(() =>
        others.every((file) => existsSync(file) && !readFileSync(file, "utf8").includes('"failed"')),
      )
      .toBe(true);

    // Until it has run again, a merge says so, and merges nothing.
    const before = await obeyed(["fleet", "merge", ...others, result(2)]);
    expect(before).toMatchObject({ code: 1, stdout: "" });
    expect(before.stderr).toContain("shard-2.json its shard has failed: it did not end");

    await slurm("scontrol", "requeue", `${job}_2`);
    // Slurm would let it wait for two minutes, until the credential of its first run is void everywhere.
    await slurm("scontrol", "update", `JobId=${job}_2`, "StartTime=now");
    await expect.poll(() => slurm("squeue", "-h", "-j", job, "-o", "%T"), { timeout: 90_000 }).toBe("");
    const files = [1, 2, 3, 4].map(result);
    const merged = await obeyed(["fleet", "merge", ...files, "--json"]);
    const alone = await obeyed(["fleet", ...fleet, "--jobs", "1", "--json"]);
    expect([merged.code, alone.code]).toEqual([0, 0]);
    expect(JSON.parse(alone.stdout)).toMatchObject({ counts: { lost: 0 } });
    expect(merged.stdout).toBe(alone.stdout);
  });

  it("does not have a task again that has done its work, though readings were lost in it", async () => {
    const lossy = ["--devices", "2", "--per-cell", "1", "--hours", "13", "--interval", "10", "--loss", "0.9"];
    env = { ...env, SHARDS_OUT: join(folder!, "lossy") };
    const job = await submit(2, "fleet", ...lossy);
    const states = (): Promise<string> => slurm("squeue", "-h", "-t", "all", "-r", "-j", job, "-o", "%T");
    await expect.poll(states, { timeout: 90_000 }).toBe("COMPLETED\nCOMPLETED");
    expect(readFileSync(join(folder!, `${job}-2.log`), "utf8")).toMatch(
      /^shard 2\/2: [\d,]+ readings were lost; merge exits with 1 for that$/m,
    );
    const files = [1, 2].map((index) => join(folder!, "lossy", `shard-${index}.json`));
    expect((await obeyed(["fleet", "merge", ...files])).code).toBe(1);
  });

  it("has other runs in shards as well: a table of energy", async () => {
    const table = ["--reports", "16", "--sleep", "none", "--set", "late=7200"];
    env = { ...env, SHARDS_OUT: join(folder!, "energy") };
    const job = await submit(2, "energy", ...table);
    await expect.poll(() => slurm("squeue", "-h", "-j", job, "-o", "%T"), { timeout: 90_000 }).toBe("");
    const files = [1, 2].map((index) => join(folder!, "energy", `shard-${index}.json`));
    const merged = await obeyed(["energy", "merge", ...files]);
    expect(merged).toMatchObject({ code: 0, stdout: (await obeyed(["energy", ...table])).stdout });
  });
});
