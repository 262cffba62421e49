/* MD5, which names conversations and protects nothing. @spec [RFC1321] */
#ifndef OX_MD5_H
#define OX_MD5_H

#include <stddef.h>
#include <stdint.h>

void ox_md5(const void *data, size_t size_bytes, uint8_t digest_out[16]);

#endif
