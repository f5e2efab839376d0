/*
 * What the processor does while the firmware waits: a lower clock, or light sleep, in which RAM and pins keep what they
 * have and all clocks stand still.
 */
#include <stdint.h>
#include "driver/gpio.h"
#include "esp_ipc.h"
#include "esp_pm.h"
#include "esp_sleep.h"
#include "esp_timer.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include "hal/uart_ll.h"
#include "sdkconfig.h"

/*
 * Sets the clock, MHz: while there is something to do, and while all tasks wait. Returns the second one, or 0 where the
 * chip has not the first. From 80 MHz on the UARTs' own clock stays as it is. Only on the ESP32, between 240 MHz and
 * any other, the PLL is stopped, and what a UART is receiving then is lost: there the clock stays (esp_pm, pm_impl.c).
 */
uint32_t enos_processor_clock(uint32_t working, uint32_t waiting)
{
#if CONFIG_IDF_TARGET_ESP32
	if (working > 160)
		waiting = working;
#endif
	esp_pm_config_t config = { .max_freq_mhz = (int)working, .min_freq_mhz = (int)waiting };
	return esp_pm_configure(&config) == ESP_OK ? waiting : 0;
}

/* The clock of FreeRTOS, which that of JavaScript is, has stood still in light sleep. Core 0 alone sets it. */
static void catch_up(void *ticks)
{
	xTaskCatchUpTicks((TickType_t)(uintptr_t)ticks);
}

/*
 * Sleeps lightly for so many ms at most, and until `receive` or `ring` goes low; `ring` is -1 where the modem's RI is
 * not wired. What comes over `receive` until the clocks run again is lost. Does nothing while the UART has something
 * that was not sent or read yet, as it would keep that until it is woken.
 */
void enos_sleep_lightly(uint32_t milliseconds, int32_t port, int32_t receive, int32_t ring)
{
	uart_dev_t *uart = UART_LL_GET_HW(port);
	if (uart_ll_get_rxfifo_len(uart) > 0 || !uart_ll_is_tx_idle(uart))
		return;
	int64_t began = esp_timer_get_time();
#if CONFIG_ESP_SLEEP_GPIO_RESET_WORKAROUND
	/* ESP-IDF would have all pins float: the switch of the modem's supply, its key, its receive line. */
	esp_sleep_enable_gpio_switch(false);
#endif
	gpio_wakeup_enable((gpio_num_t)receive, GPIO_INTR_LOW_LEVEL);
	if (ring >= 0)
		gpio_wakeup_enable((gpio_num_t)ring, GPIO_INTR_LOW_LEVEL);
	esp_sleep_enable_gpio_wakeup();
	esp_sleep_enable_timer_wakeup((uint64_t)milliseconds * 1000);
	esp_err_t slept = esp_light_sleep_start();
	esp_sleep_disable_wakeup_source(ESP_SLEEP_WAKEUP_ALL);
	gpio_wakeup_disable((gpio_num_t)receive);
	if (ring >= 0)
		gpio_wakeup_disable((gpio_num_t)ring);
#if CONFIG_ESP_SLEEP_GPIO_RESET_WORKAROUND
	esp_sleep_enable_gpio_switch(true);
#endif
	if (slept != ESP_OK)
		return;
	void *ticks = (void *)(uintptr_t)pdMS_TO_TICKS((esp_timer_get_time() - began) / 1000);
#if CONFIG_ESP_IPC_ENABLE
	esp_ipc_call_blocking(0, catch_up, ticks);
#else
	catch_up(ticks);
#endif
}
