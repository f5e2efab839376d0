/**
 * The board's C code, compiled here against stubs of ESP-IDF's headers: its memory tried at the edges, its chance
 * against RFC 8439.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { crc32 } from "node:zlib";
import { describe, expect, test } from "vitest";
import { retainedLength } from "../../../firmware/continuity/retained-memory";

/** What the C file includes of ESP-IDF, as far as it uses it. */
const stubs = {
  "driver/gpio.h":
    "#pragma once\ntypedef int gpio_num_t; int gpio_hold_en(gpio_num_t); int gpio_hold_dis(gpio_num_t);\n" +
    "void gpio_deep_sleep_hold_en(void); void gpio_deep_sleep_hold_dis(void);\n" +
    "typedef enum { GPIO_INTR_LOW_LEVEL = 4 } gpio_int_type_t;\n" +
    "int gpio_wakeup_enable(gpio_num_t, gpio_int_type_t); int gpio_wakeup_disable(gpio_num_t);",
  "esp_attr.h": "#define RTC_NOINIT_ATTR",
  "esp_sleep.h":
    "#include <stdint.h>\ntypedef int esp_err_t;\n#define ESP_OK 0\n#define ESP_SLEEP_WAKEUP_ALL 0\n" +
    "esp_err_t esp_sleep_disable_wakeup_source(int); void esp_deep_sleep(unsigned long long);\n" +
    "esp_err_t esp_sleep_enable_gpio_wakeup(void); esp_err_t esp_sleep_enable_timer_wakeup(uint64_t);\n" +
    "esp_err_t esp_light_sleep_start(void); void esp_sleep_enable_gpio_switch(int);",
  "esp_ipc.h": "#include <stdint.h>\nint esp_ipc_call_blocking(uint32_t, void (*)(void *), void *);",
  "esp_pm.h":
    "#include <stdbool.h>\ntypedef struct { int max_freq_mhz; int min_freq_mhz; bool light_sleep_enable; } esp_pm_config_t;\n" +
    "int esp_pm_configure(const void *);",
  "esp_timer.h": "#include <stdint.h>\nint64_t esp_timer_get_time(void);",
  "freertos/FreeRTOS.h":
    "#include <stdint.h>\ntypedef uint32_t TickType_t;\n#define pdMS_TO_TICKS(ms) ((TickType_t)(ms))",
  "freertos/task.h": "int xTaskCatchUpTicks(TickType_t);",
  "hal/uart_ll.h":
    "#include <stdbool.h>\n#include <stdint.h>\ntypedef struct { uint32_t waiting; bool idle; } uart_dev_t;\n" +
    "extern uart_dev_t uarts[3];\n#define UART_LL_GET_HW(port) (&uarts[port])\n" +
    "static inline uint32_t uart_ll_get_rxfifo_len(uart_dev_t *uart) { return uart->waiting; }\n" +
    "static inline bool uart_ll_is_tx_idle(uart_dev_t *uart) { return uart->idle; }",
  "sdkconfig.h": "",
  "bootloader_random.h": "void bootloader_random_enable(void); void bootloader_random_disable(void);",
  "esp_random.h": "#include <stdint.h>\nuint32_t esp_random(void);",
  "app_update/include/esp_ota_ops.h":
    "#include <stddef.h>\ntypedef int esp_err_t;\n#define ESP_OK 0\n#define ESP_ERR_NOT_FOUND 0x105\n" +
    "typedef struct { int slot; } esp_partition_t;\ntypedef enum { ESP_OTA_IMG_NEW = 0, ESP_OTA_IMG_PENDING_VERIFY = 1,\n" +
    "  ESP_OTA_IMG_VALID = 2, ESP_OTA_IMG_UNDEFINED = -1 } esp_ota_img_states_t;\n" +
    "const esp_partition_t *esp_ota_get_next_update_partition(const esp_partition_t *);\n" +
    "const esp_partition_t *esp_ota_get_running_partition(void);\n" +
    "esp_err_t esp_ota_set_boot_partition(const esp_partition_t *); esp_err_t esp_ota_mark_app_invalid_rollback(void);\n" +
    "esp_err_t esp_ota_mark_app_valid_cancel_rollback(void);\n" +
    "esp_err_t esp_ota_get_state_partition(const esp_partition_t *, esp_ota_img_states_t *);",
  // Numbers as PSA Crypto API 1.2 has them.
  "psa/crypto.h":
    "#include <stddef.h>\n#include <stdint.h>\ntypedef int32_t psa_status_t; typedef uint32_t psa_key_id_t;\n" +
    "typedef struct { uint32_t type, bits, usage, algorithm; } psa_key_attributes_t;\n#define PSA_SUCCESS 0\n" +
    "#define PSA_KEY_ID_NULL 0\n#define PSA_KEY_ATTRIBUTES_INIT { 0, 0, 0, 0 }\n#define PSA_ECC_FAMILY_SECP_R1 0x12\n" +
    "#define PSA_KEY_TYPE_ECC_PUBLIC_KEY(family) (0x4100 | (family))\n#define PSA_KEY_USAGE_VERIFY_HASH 0x2000\n" +
    "#define PSA_ALG_SHA_256 0x02000009\n#define PSA_ALG_ECDSA(hash) (0x06000600 | ((hash) & 0xff))\n" +
    "#define psa_set_key_type(a, v) ((a)->type = (v))\n#define psa_set_key_bits(a, v) ((a)->bits = (v))\n" +
    "#define psa_set_key_usage_flags(a, v) ((a)->usage = (v))\n#define psa_set_key_algorithm(a, v) ((a)->algorithm = (v))\n" +
    "psa_status_t psa_crypto_init(void); psa_status_t psa_destroy_key(psa_key_id_t);\n" +
    "psa_status_t psa_import_key(const psa_key_attributes_t *, const uint8_t *, size_t, psa_key_id_t *);\n" +
    "psa_status_t psa_verify_hash(psa_key_id_t, uint32_t, const uint8_t *, size_t, const uint8_t *, size_t);",
  "soc/soc_caps.h": "#define SOC_GPIO_SUPPORT_HOLD_SINGLE_IO_IN_DSLP 1",
};

/** Writes and reads at the edges, and prints the CRC of the nine bytes that every table of CRCs gives. */
const trial = `
#include <stdint.h>
#include <stdio.h>
void enos_retained_read(uint32_t, uint8_t *, uint32_t);
void enos_retained_write(uint32_t, uint8_t *, uint32_t);
uint32_t enos_retained_crc32(uint32_t, uint32_t);
int gpio_hold_en(int pin) { return pin; }
int gpio_hold_dis(int pin) { return pin; }
int esp_sleep_disable_wakeup_source(int source) { return source; }
void esp_deep_sleep(unsigned long long us) { (void)us; }
int main(void) {
  uint8_t bytes[16] = "123456789", back[16] = { 0 };
  enos_retained_write(${retainedLength} - 9, bytes, 16);
  enos_retained_read(${retainedLength} - 9, back, 16);
  enos_retained_write(${retainedLength} + 1, bytes, 16);
  enos_retained_write(0xfffffff0u, bytes, 16);
  printf("%s %08x %08x", (char *)back, enos_retained_crc32(${retainedLength} - 9, 16), enos_retained_crc32(0, 0));
}
`;

/** Prints RFC 8439's block (2.3.2), whether the noise was on at each draw and off after, and how many numbers differ. */
const randomTrial = `
#include <stdint.h>
#include <stdio.h>
void enos_chacha20(const uint32_t *, uint32_t *);
uint32_t enos_random(void);
static int noisy, draws, quiet;
void bootloader_random_enable(void) { noisy = 1; }
void bootloader_random_disable(void) { noisy = 0; }
uint32_t esp_random(void) { draws++; quiet += !noisy; return 0x9e3779b9u * (uint32_t)draws; }
int main(void) {
  uint32_t from[16] = { 0x61707865, 0x3320646e, 0x79622d32, 0x6b206574 }, to[16], numbers[1000], same = 0;
  for (uint32_t i = 0; i < 8; i++) from[4 + i] = 0x03020100u + 0x04040404u * i;
  from[12] = 1; from[13] = 0x09000000; from[14] = 0x4a000000; from[15] = 0;
  enos_chacha20(from, to);
  for (int i = 0; i < 16; i++) printf("%08x ", to[i]);
  for (int i = 0; i < 1000; i++) numbers[i] = enos_random();
  for (int i = 0; i < 1000; i++) for (int j = 0; j < i; j++) same += numbers[i] == numbers[j];
  printf("%d %d %d %u", draws, quiet, noisy, same);
}
`;

/**
 * Prints how the clock is set, on chips as `sdkconfig.h` says, and the calls of a light sleep that lasts 1.5 s: with RI
 * and without, then with bytes in either FIFO, then refused by the chip.
 */
const processorTrial = `
#include <stdint.h>
#include <stdio.h>
#include "esp_pm.h"
#include "hal/uart_ll.h"
uint32_t enos_processor_clock(uint32_t, uint32_t);
void enos_sleep_lightly(uint32_t, int32_t, int32_t, int32_t);
uart_dev_t uarts[3] = { { 0, true }, { 0, true }, { 0, true } };
static int64_t now = 1000;
static int refused;
int esp_pm_configure(const void *given) {
  const esp_pm_config_t *config = given;
  printf("%d/%d%s ", config->max_freq_mhz, config->min_freq_mhz, config->light_sleep_enable ? " by itself" : "");
  return config->max_freq_mhz > 240;
}
int gpio_wakeup_enable(int pin, int level) { return printf("+%d%s ", pin, level == 4 ? "" : "?"); }
int gpio_wakeup_disable(int pin) { return printf("-%d ", pin); }
int esp_sleep_enable_gpio_wakeup(void) { return printf("pins "); }
int esp_sleep_enable_timer_wakeup(uint64_t us) { return printf("%u us ", (unsigned)us); }
int esp_light_sleep_start(void) { now += refused ? 0 : 1500000; printf("sleep "); return refused; }
int esp_sleep_disable_wakeup_source(int source) { printf("all%d ", source); return 0; }
int64_t esp_timer_get_time(void) { return now; }
void esp_sleep_enable_gpio_switch(int on) { printf(on ? "float " : "keep "); }
int xTaskCatchUpTicks(uint32_t ticks) { return printf("ticks %u ", ticks); }
int esp_ipc_call_blocking(uint32_t core, void (*work)(void *), void *given) { printf("core %u ", core); work(given); return 0; }
int main(void) {
  printf("= %u, ", enos_processor_clock(160, 80));
  printf("= %u, ", enos_processor_clock(240, 80));
  printf("= %u\\n", enos_processor_clock(320, 80));
  enos_sleep_lightly(20000, 1, 16, 22);
  printf("\\n");
  enos_sleep_lightly(20000, 2, 16, -1);
  printf("\\n");
  uarts[1].waiting = 1;
  enos_sleep_lightly(20000, 1, 16, -1);
  uarts[2].idle = false;
  enos_sleep_lightly(20000, 2, 16, -1);
  printf("\\n");
  refused = 1;
  enos_sleep_lightly(20000, 0, 16, -1);
}
`;

/**
 * Prints the calls by which a slot is chosen and given up, with ESP-IDF's errors as `failing` says and one slot or two; then
 * each state; then those by which a signature is judged, with a library that refuses at each step in turn.
 */
const updateTrial = `
#include <stdio.h>
#include "app_update/include/esp_ota_ops.h"
#include "psa/crypto.h"
int32_t enos_update_activate(void), enos_update_back(void), enos_update_confirm(void), enos_update_state(void);
int32_t enos_verify(uint8_t *, uint8_t *, uint8_t *);
static esp_partition_t slots[2] = { { 0 }, { 1 } };
static int count = 2, choosing, giving, stated;
static esp_ota_img_states_t noted;
const esp_partition_t *esp_ota_get_running_partition(void) { return &slots[0]; }
const esp_partition_t *esp_ota_get_next_update_partition(const esp_partition_t *from) { (void)from; return count == 0 ? NULL : &slots[count - 1]; }
esp_err_t esp_ota_set_boot_partition(const esp_partition_t *slot) { printf("choose %d ", slot->slot); return choosing; }
esp_err_t esp_ota_mark_app_invalid_rollback(void) { printf("give up "); return giving; }
esp_err_t esp_ota_mark_app_valid_cancel_rollback(void) { printf("mark "); return 0; }
esp_err_t esp_ota_get_state_partition(const esp_partition_t *slot, esp_ota_img_states_t *state) { *state = noted; return stated + slot->slot; }
static int step, refusing, alive;
psa_status_t psa_crypto_init(void) { return step++ == refusing ? -1 : 0; }
psa_status_t psa_import_key(const psa_key_attributes_t *a, const uint8_t *data, size_t length, psa_key_id_t *id) {
  if (refusing == 9) printf("%x %u %x %x, %d bytes %x %x..%x ", a->type, a->bits, a->usage, a->algorithm, (int)length, data[0], data[1], data[64]);
  if (step++ == refusing) return -135;
  alive++; *id = 7; return 0;
}
psa_status_t psa_verify_hash(psa_key_id_t id, uint32_t algorithm, const uint8_t *hash, size_t length, const uint8_t *signature, size_t size) {
  if (refusing == 9) printf("%u %x, %d bytes %x..%x, %d bytes %x..%x ", id, algorithm, (int)length, hash[0], hash[31], (int)size, signature[0], signature[63]);
  return step++ == refusing ? -149 : 0;
}
psa_status_t psa_destroy_key(psa_key_id_t id) { alive -= id == 7; return 0; }
int main(void) {
  printf("= %d, ", enos_update_activate());
  choosing = 0x1503;
  printf("= %x\\n", enos_update_activate());
  for (giving = 0; giving <= 0x1505; giving += 0x1505)
    for (choosing = 0; choosing <= 0x1503; choosing += 0x1503) printf("= %x, ", enos_update_back());
  for (count = 0; count < 2; count++) printf("= %x ", enos_update_activate());
  printf("\\n");
  printf("= %d, ", enos_update_confirm());
  for (int state = -1; state <= 2; state++) { noted = state; printf("%d ", enos_update_state()); }
  stated = 0x105;
  printf("%d\\n", enos_update_state());
  uint8_t key[64], digest[32], signature[64];
  for (int i = 0; i < 64; i++) { key[i] = 0x40 + i; digest[i / 2] = 0x80 + i / 2; signature[i] = 0xc0 + i; }
  refusing = 9;
  printf("= %d,", enos_verify(key, digest, signature));
  for (refusing = 0; refusing < 3; refusing++) { step = 0; printf(" %d", enos_verify(key, digest, signature)); }
  printf(", %d keys left", alive);
}
`;

/** What a program prints that is made of a file of the board's and a trial of it, both compiled here. */
function tried(source: string, trialOfIt: string, sdkconfig = ""): string {
  const folder = mkdtempSync(join(tmpdir(), "native-"));
  try {
    for (const [name, text] of Object.entries(stubs)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), `${text}\n`);
    }
    writeFileSync(join(folder, "sdkconfig.h"), sdkconfig);
    writeFileSync(join(folder, "trial.c"), trialOfIt);
    const program = join(folder, "trial");
    const warnings = ["-Wall", "-Wextra", "-Werror", "-fsanitize=address,undefined"];
    execFileSync("gcc", [...warnings, "-I", folder, "-o", program, join(folder, "trial.c"), source]);
    return execFileSync(program, { encoding: "utf8" });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test("the board's C code compiles without a warning and keeps to its memory", () => {
  const crc = crc32(Buffer.from("123456789")).toString(16);
  expect(tried("firmware/board/deep-sleep.c", trial)).toBe(`123456789 ${crc} 00000000`);
});

/** What ESP-IDF's configuration of a chip says, and what comes of it: all pins float in light sleep, or one owns the ticks. */
const chips = [
  { chip: "ESP32", set: ["IPC_ENABLE"], fastest: "240/240 = 240, 320/320 = 0", core: "core 0 " },
  {
    chip: "ESP32S3",
    set: ["IPC_ENABLE", "SLEEP_GPIO_RESET_WORKAROUND"],
    fastest: "240/80 = 80, 320/80 = 0",
    keep: "keep ",
    float: "float ",
    core: "core 0 ",
  },
  {
    chip: "ESP32C3",
    set: ["SLEEP_GPIO_RESET_WORKAROUND"],
    fastest: "240/80 = 80, 320/80 = 0",
    keep: "keep ",
    float: "float ",
  },
];

test.each(chips)(
  "clock and light sleep on $chip",
  ({ chip, set, fastest, keep = "", float = "", core = "" }) => {
    const sdkconfig = [`IDF_TARGET_${chip}`, ...set.map((name) => `ESP_${name}`)]
      .map((name) => `#define CONFIG_${name} 1\n`)
      .join("");
    expect(tried("firmware/board/processor.c", processorTrial, sdkconfig).split("\n")).toEqual([
      `160/80 = 80, ${fastest}`,
      `${keep}+16 +22 pins 20000000 us sleep all0 -16 -22 ${float}${core}ticks 1500 `,
      `${keep}+16 pins 20000000 us sleep all0 -16 ${float}${core}ticks 1500 `,
      "",
      `${keep}+16 pins 20000000 us sleep all0 -16 ${float}`,
    ]);
  },
);

test("random numbers are ChaCha20's, with a key that is drawn while the source of noise is on, and only then", () => {
  const block =
    "e4e7f110 15593bd1 1fdd0f50 c47120a3 c7f4d1c7 0368c033 9aaa2204 4e6cd4c3 " +
    "466482d2 09aa9f07 05d7c214 a2028bd9 d19c12b5 b94e16de e883d0cb 4e3c50a2";
  expect(tried("firmware/board/random.c", randomTrial)).toBe(`${block} 96 0 0 0`);
});

test("an update's slots are chosen, given up and told of by ESP-IDF, and a signature that anything refuses is none", () => {
  expect(tried("firmware/board/update/update.c", updateTrial).split("\n")).toEqual([
    "choose 1 = 0, choose 1 = 1503",
    // The last two: a boot loader without rollback has noted no image to go back to.
    "give up = 0, give up = 0, give up choose 1 mark = 0, give up choose 1 = 1503, = 105 = 105 ",
    // Undefined, new, pending, valid; then ESP-IDF knows nothing.
    "mark = 0, -1 1 1 2 -1",
    "4112 256 2000 6000609, 65 bytes 4 40..7f 7 6000609, 32 bytes 80..9f, 64 bytes c0..ff = 1, 0 0 0, 0 keys left",
  ]);
});

describe.each([
  // Those of ESP-IDF itself go by its own names.
  { manifest: "firmware/manifest.json", least: 7, own: ["esp_restart"] },
  { manifest: "firmware/board/update/manifest.json", least: 5, own: [] },
])("the C code of $manifest", ({ manifest, least, own }) => {
  const { ffi } = JSON.parse(readFileSync(manifest, "utf8")) as {
    ffi: { sources: string[]; functions: Record<string, unknown> };
  };
  const sources = ffi.sources.map((source) => join(dirname(manifest), source));

  test("is all that lies there", () => {
    const folder = dirname(sources[0]);
    const files = readdirSync(folder).filter((file) => file.endsWith(".c"));
    expect([...sources].sort()).toEqual(files.map((file) => join(folder, file)).sort());
  });

  test("has functions that bear the project's prefix, and the manifest names them", () => {
    const defined = sources.flatMap((file) =>
      [...readFileSync(file, "utf8").matchAll(/^(?!static)\w+ \*?(\w+)\([^;]*\)$/gm)].map(([, name]) => name),
    );
    expect(defined.length).toBeGreaterThanOrEqual(least);
    for (const name of defined) expect(name).toMatch(/^enos_/);
    for (const name of Object.keys(ffi.functions)) expect([...defined, ...own]).toContain(name);
  });

  test("is named in the type that the tools here have of it", () => {
    const types = readFileSync("firmware/ffi.d.ts", "utf8");
    for (const name of Object.keys(ffi.functions)) expect(types).toContain(` ${name}(`);
  });
});
