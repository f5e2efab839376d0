/**
 * The product's application with a sensor that takes its time: the settings say for how long (`slow`, ms), and the
 * test, which is asked each time, whether it fails ("never", "rejects"). The test hears when it is asked and when it
 * answers.
 */
import config from "mc/config";
import Timer from "timer";
import { ask } from "../../host-sim/sim/board/guest/ask";
import { DemoApplication as Sound } from "../../firmware/application";

export class DemoApplication extends Sound {
  sampleLimit = config.limit;

  sample() {
    ask("asked");
    const values = super.sample();
    const how = ask("how");
    if (how === "never") return new Promise(() => {});
    return new Promise((resolve, reject) => {
      Timer.set(() => {
        ask("answers");
        if (how === "rejects") reject(new Error("i2c"));
        else resolve(values);
      }, config.slow);
    });
  }
}
