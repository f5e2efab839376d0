/** One device: its header, and what there is to see of it in tabs. */
import { Tabs } from "../../../page/tabs";
import { deviceTabs, pathOfPlace } from "../../addresses";
import { DeviceHeader, NoDevice, useDevice } from "../device-header";
import { AttributesTab } from "../attributes/attributes-tab";
import { CommandsTab } from "../commands/commands-tab";
import { EventsTab } from "../events/events-tab";
import { LiveTab } from "../live/live-tab";
import { MessagesTab } from "../messages/messages-tab";
import { UpdateTab } from "../update/update-tab";
import type { Place } from "../../addresses";

const labels = {
  live: "Live",
  messages: "Messages",
  commands: "Commands",
  events: "Events",
  attributes: "Attributes",
  update: "Update",
} as const;

const views = {
  live: LiveTab,
  messages: MessagesTab,
  commands: CommandsTab,
  events: EventsTab,
  attributes: AttributesTab,
  update: UpdateTab,
} as const;

export function DevicePlace({ at }: { at: Place & { readonly kind: "device" } }) {
  const { productKey, deviceKey, tab } = at;
  const View = views[tab];
  const device = useDevice({ productKey, deviceKey });
  if (device.status === 404) return <NoDevice productKey={productKey} deviceKey={deviceKey} />;
  return (
    <div class="stack">
      <DeviceHeader productKey={productKey} deviceKey={deviceKey} device={device} />
      <Tabs
        label="What to see of the device"
        tabs={deviceTabs.map((each) => ({
          href: pathOfPlace({ kind: "device", productKey, deviceKey, tab: each }),
          label: labels[each],
          isCurrent: each === tab,
        }))}
      />
      <View productKey={productKey} deviceKey={deviceKey} sealed={device.data?.sealed} />
    </div>
  );
}
