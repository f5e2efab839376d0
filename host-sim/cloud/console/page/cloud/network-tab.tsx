/** How devices behind a NAT are known, and how much one address may send. */
import { mayOperate } from "../access";
import { call } from "../api";
import { useResource } from "../resource";
import { Unread } from "../unread";
import { Said } from "./said";
import { useAction } from "./use-action";
import type { CloudEvent } from "../../../events";

/** As the API has it. */
interface NatPolicy {
  readonly tie: "path" | "address";
  /** Seconds; 0: never. */
  readonly addressIdle: number;
}

/** As the API has it. */
interface RateLimit {
  /** Datagrams; 0: no limit. */
  readonly perSecond: number;
  readonly burst: number;
}

const concerns = (event: CloudEvent): boolean => event.type === "conditions-changed";

export function NetworkTab() {
  const nat = useResource<NatPolicy>("/nat", concerns);
  const limit = useResource<RateLimit>("/rate-limit", concerns);
  if (nat.data === undefined || limit.data === undefined) return <Unread resource={nat} />;
  return (
    <div class="columns">
      <Nat key={JSON.stringify(nat.data)} nat={nat.data} onChange={nat.again} />
      <Limit key={JSON.stringify(limit.data)} limit={limit.data} onChange={limit.again} />
    </div>
  );
}

function Nat({ nat, onChange }: { nat: NatPolicy; onChange: () => void }) {
  const action = useAction();
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const given = new FormData(event.currentTarget as HTMLFormElement);
    const next = { tie: given.get("tie"), addressIdle: Number(given.get("addressIdle")) };
    action.run(async () => {
      await call("/nat", "PUT", next);
      onChange();
      return "Applied.";
    });
  };
  return (
    <form class="card stack" onSubmit={submit}>
      <h2>NAT</h2>
      <fieldset disabled={!mayOperate.value} class="stack">
        <label class="field">
          <span>A session belongs to</span>
          <select name="tie" defaultValue={nat.tie}>
            <option value="path" selected={nat.tie === "path"}>
              the device that the path names
            </option>
            <option value="address" selected={nat.tie === "address"}>
              the address that authenticated
            </option>
          </select>
          <span class="hint">
            By address, a device whose NAT gives it another port is refused until it authenticates anew.
          </span>
        </label>
        <label class="field">
          <span>An address is another one after so many seconds of silence</span>
          <input
            name="addressIdle"
            type="number"
            min="0"
            max="31536000"
            step="any"
            required
            defaultValue={String(nat.addressIdle)}
          />
          <span class="hint">As a NAT forgets a mapping. 0: never.</span>
        </label>
      </fieldset>
      <div class="bar">
        <button class="primary" disabled={!mayOperate.value || action.isBusy}>
          Apply to NAT
        </button>
        <Said said={action.said} />
      </div>
    </form>
  );
}

function Limit({ limit, onChange }: { limit: RateLimit; onChange: () => void }) {
  const action = useAction();
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const given = new FormData(event.currentTarget as HTMLFormElement);
    const next = { perSecond: Number(given.get("perSecond")), burst: Number(given.get("burst")) };
    action.run(async () => {
      await call("/rate-limit", "PUT", next);
      onChange();
      return next.perSecond === 0 ? "No limit." : "Applied.";
    });
  };
  const number = (name: keyof RateLimit, label: string, hint: string) => (
    <label class="field">
      <span>{label}</span>
      <input
        name={name}
        type="number"
        min="0"
        max="1000000"
        step="any"
        required
        defaultValue={String(limit[name])}
      />
      <span class="hint">{hint}</span>
    </label>
  );
  return (
    <form class="card stack" onSubmit={submit}>
      <h2>Rate limit</h2>
      <fieldset disabled={!mayOperate.value} class="stack">
        {number("perSecond", "Datagrams a second from one address", "0: no limit.")}
        {number("burst", "Datagrams at once after silence", "Those beyond it get no answer.")}
      </fieldset>
      <div class="bar">
        <button class="primary" disabled={!mayOperate.value || action.isBusy}>
          Apply to the limit
        </button>
        <Said said={action.said} />
      </div>
    </form>
  );
}
