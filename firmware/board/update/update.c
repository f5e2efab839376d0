/*
 * The slots of the firmware's image by ESP-IDF, and ECDSA by its crypto library: what slots.ts asks for. Only a product
 * that is updated from afar has it.
 *
 * Nothing of it throws, or stops the firmware; each gives ESP-IDF's error as a number, 0 for none.
 */
/* The library's own build has these; its structures depend on them. */
#ifndef MBEDTLS_CONFIG_FILE
	#define MBEDTLS_CONFIG_FILE "mbedtls/esp_config.h"
#endif
#ifndef TF_PSA_CRYPTO_USER_CONFIG_FILE
	#define TF_PSA_CRYPTO_USER_CONFIG_FILE "mbedtls/esp_config.h"
#endif
#ifndef MBEDTLS_MAJOR_VERSION
	#define MBEDTLS_MAJOR_VERSION 4
#endif
#include <stdint.h>
#include <string.h>
#include "app_update/include/esp_ota_ops.h"
#include "psa/crypto.h"

enum { coordinates = 64, digestLength = 32, signatureLength = 64 };

/* Has the other slot's image started next. ESP-IDF reads and checks the whole image before. */
int32_t enos_update_activate(void)
{
	const esp_partition_t *other = esp_ota_get_next_update_partition(NULL);
	if (other == NULL || other == esp_ota_get_running_partition())
		return ESP_ERR_NOT_FOUND;
	return esp_ota_set_boot_partition(other);
}

/*
 * Has the image before started next. A boot loader without rollback, as boards have that were flashed by a firmware
 * without updates, has never noted that it runs, so that ESP-IDF knows none to go back to: then it is chosen as a new one
 * is. It has proven itself long ago, so it is marked so at once, before its own start.
 */
int32_t enos_update_back(void)
{
	esp_err_t error = esp_ota_mark_app_invalid_rollback();
	if (error == ESP_OK)
		return error;
	error = enos_update_activate();
	/* What it marks is what starts next, whichever runs. */
	return error == ESP_OK ? esp_ota_mark_app_valid_cancel_rollback() : error;
}

int32_t enos_update_confirm(void)
{
	return esp_ota_mark_app_valid_cancel_rollback();
}

/*
 * What the boot loader notes of the running image; -1 where it notes nothing. One that runs and is still new was
 * started by a boot loader without rollback: it is as unconfirmed as with the other.
 */
int32_t enos_update_state(void)
{
	esp_ota_img_states_t state;
	if (esp_ota_get_state_partition(esp_ota_get_running_partition(), &state) != ESP_OK)
		return -1;
	if (state == ESP_OTA_IMG_UNDEFINED)
		return -1;
	return state == ESP_OTA_IMG_NEW ? ESP_OTA_IMG_PENDING_VERIFY : (int32_t)state;
}

/* ECDSA over P-256: x and y, SHA-256, r and s. 1 when the signature is the key's, 0 for anything else. */
int32_t enos_verify(uint8_t *key, uint8_t *digest, uint8_t *signature)
{
	uint8_t point[1 + coordinates];
	psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
	psa_key_id_t id = PSA_KEY_ID_NULL;
	psa_status_t status;

	/* SEC 1, 2.3.3: a point that is not compressed. One that is not on the curve is refused by the import. */
	point[0] = 0x04;
	memcpy(point + 1, key, coordinates);
	psa_set_key_type(&attributes, PSA_KEY_TYPE_ECC_PUBLIC_KEY(PSA_ECC_FAMILY_SECP_R1));
	psa_set_key_bits(&attributes, 256);
	psa_set_key_usage_flags(&attributes, PSA_KEY_USAGE_VERIFY_HASH);
	psa_set_key_algorithm(&attributes, PSA_ALG_ECDSA(PSA_ALG_SHA_256));
	/* ESP-IDF does it at the start; again it costs nothing. */
	if (psa_crypto_init() != PSA_SUCCESS)
		return 0;
	if (psa_import_key(&attributes, point, sizeof point, &id) != PSA_SUCCESS)
		return 0;
	status = psa_verify_hash(id, PSA_ALG_ECDSA(PSA_ALG_SHA_256), digest, digestLength, signature, signatureLength);
	psa_destroy_key(id);
	return status == PSA_SUCCESS;
}
