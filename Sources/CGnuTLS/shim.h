// The door to GnuTLS (gnutls.org/reference), for WebSocket only: the digest of the opening handshake.
#pragma once
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <string.h>

// base64(SHA-1(text)): 28 characters without a final zero. Returns 0 on success.
static inline int gnutls_sha1_base64(const void *text, size_t count, char result[28]) {
    unsigned char digest[20];
    if (gnutls_hash_fast(GNUTLS_DIG_SHA1, text, count, digest) != 0)
        return -1;
    gnutls_datum_t data = {digest, sizeof digest}, encoded = {0, 0};
    if (gnutls_base64_encode2(&data, &encoded) != 0)
        return -1;
    int fits = encoded.size == 28;
    if (fits)
        memcpy(result, encoded.data, 28);
    gnutls_free(encoded.data);
    return fits ? 0 : -1;
}
