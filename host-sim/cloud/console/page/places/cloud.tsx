/** The stand-in itself: faults made on purpose, the network, data, settings. */
import { Tabs } from "../../../page/tabs";
import { cloudTabs, pathOfPlace } from "../../addresses";
import { DataTab } from "../cloud/data-tab";
import { FaultsTab } from "../cloud/faults-tab";
import { NetworkTab } from "../cloud/network-tab";
import { SettingsTab } from "../cloud/settings-tab";
import "../cloud/cloud.css";
import type { Place } from "../../addresses";

const labels = { faults: "Faults", network: "Network", data: "Data", settings: "Settings" } as const;
const views = { faults: FaultsTab, network: NetworkTab, data: DataTab, settings: SettingsTab } as const;

export function CloudPlace({ at }: { at: Place & { readonly kind: "cloud" } }) {
  const View = views[at.tab];
  return (
    <div class="stack">
      <h1>Cloud</h1>
      <Tabs
        label="What to see of the cloud"
        tabs={cloudTabs.map((tab) => ({
          href: pathOfPlace({ kind: "cloud", tab }),
          label: labels[tab],
          isCurrent: tab === at.tab,
        }))}
      />
      <View />
    </div>
  );
}
