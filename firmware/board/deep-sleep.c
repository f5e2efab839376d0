/*
 * What deep sleep needs of the ESP32 and JavaScript cannot reach: memory that the real-time clock's domain
 * keeps, and pins that hold their level.
 */
#include <stdint.h>
#include <string.h>
#include "driver/gpio.h"
#include "esp_attr.h"
#include "esp_sleep.h"
#include "soc/soc_caps.h"

/* What ../continuity/retained-memory.ts divides among its parts. */
#define RETAINED 6144

/* Random after a loss of power. No other start changes it: deep sleep, panic, watchdog or restart. */
static RTC_NOINIT_ATTR uint8_t retained[RETAINED];

/* How many of `length` bytes from `offset` on there are. */
static uint32_t within(uint32_t offset, uint32_t length)
{
	uint32_t left = offset < RETAINED ? RETAINED - offset : 0;
	return length < left ? length : left;
}

void enos_retained_read(uint32_t offset, uint8_t *bytes, uint32_t length)
{
	memcpy(bytes, retained + offset, within(offset, length));
}

void enos_retained_write(uint32_t offset, uint8_t *bytes, uint32_t length)
{
	memcpy(retained + offset, bytes, within(offset, length));
}

/* CRC-32 (ISO-HDLC), bit by bit: a table would take 1 KiB of flash, and this is asked for twice a wake. */
uint32_t enos_retained_crc32(uint32_t offset, uint32_t length)
{
	uint32_t crc = 0xffffffff;
	length = within(offset, length);
	for (uint32_t i = 0; i < length; i++) {
		crc ^= retained[offset + i];
		for (int bit = 0; bit < 8; bit++)
			crc = (crc >> 1) ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return ~crc;
}

/*
 * The pin keeps its level over deep sleep, and whatever is written to it until it is let go. On the ESP32 and
 * ESP32-S3 that goes for pins of the real-time clock's domain alone, unless all digital ones are held, too.
 */
void enos_pin_hold(int32_t pin)
{
	gpio_hold_en((gpio_num_t)pin);
#if !SOC_GPIO_SUPPORT_HOLD_SINGLE_IO_IN_DSLP
	gpio_deep_sleep_hold_en();
#endif
}

void enos_pin_release(int32_t pin)
{
#if !SOC_GPIO_SUPPORT_HOLD_SINGLE_IO_IN_DSLP
	gpio_deep_sleep_hold_dis();
#endif
	gpio_hold_dis((gpio_num_t)pin);
}

/* Wakes by its timer, and not by a source that something else left on. Never returns. */
void enos_sleep_deeply(uint32_t milliseconds)
{
	esp_sleep_disable_wakeup_source(ESP_SLEEP_WAKEUP_ALL);
	esp_deep_sleep((uint64_t)milliseconds * 1000);
}
