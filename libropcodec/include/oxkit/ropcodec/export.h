/* Attributes shared by every public header of the suite. Compiles alone as C99 and as C++. */
#ifndef OXKIT_ROPCODEC_EXPORT_H
#define OXKIT_ROPCODEC_EXPORT_H

#if defined(__GNUC__)
#define OX_EXPORT __attribute__((visibility("default")))
#define OX_WARN_UNUSED __attribute__((warn_unused_result))
#define OX_PRINTF(format_index, first_argument) \
  __attribute__((format(printf, format_index, first_argument)))
#else
#define OX_EXPORT
#define OX_WARN_UNUSED
#define OX_PRINTF(format_index, first_argument)
#endif

#ifdef __cplusplus
#define OX_BEGIN_DECLS extern "C" {
#define OX_END_DECLS }
#else
#define OX_BEGIN_DECLS
#define OX_END_DECLS
#endif

#endif
