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

#define RETAINED 512

/* Zero after every start but one from deep sleep. */
static RTC_DATA_ATTR uint8_t retained[RETAINED];

void retained_read(uint8_t *bytes, uint32_t length)
{
	memcpy(bytes, retained, length < RETAINED ? length : RETAINED);
}

void retained_write(uint8_t *bytes, uint32_t length)
{
	memcpy(retained, bytes, length < RETAINED ? length : RETAINED);
}

/*
 * The pin keeps its level over deep sleep, and whatever is written to it until it is let go. On the ESP32 and
 * ESP32-S3 that goes for pins of the real-time clock's domain alone, unless all digital ones are held, too.
 */
void pin_hold(int32_t pin)
{
	gpio_hold_en((gpio_num_t)pin);
#if !SOC_GPIO_SUPPORT_HOLD_SINGLE_IO_IN_DSLP
	gpio_deep_sleep_hold_en();
#endif
}

void pin_release(int32_t pin)
{
#if !SOC_GPIO_SUPPORT_HOLD_SINGLE_IO_IN_DSLP
	gpio_deep_sleep_hold_dis();
#endif
	gpio_hold_dis((gpio_num_t)pin);
}

/* Wakes by its timer, and not by a source that something else left on. Never returns. */
void sleep_deeply(uint32_t milliseconds)
{
	esp_sleep_disable_wakeup_source(ESP_SLEEP_WAKEUP_ALL);
	esp_deep_sleep((uint64_t)milliseconds * 1000);
}
