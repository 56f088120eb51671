#ifndef RMI_BASE_SANITIZER_H
#define RMI_BASE_SANITIZER_H

/** @file Which sanitizer the program is built with, for the few places that must know. */

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define RMI_ASAN 1
#endif
#if __has_feature(thread_sanitizer)
#define RMI_TSAN 1
#endif
#endif

#if defined(__SANITIZE_ADDRESS__) && !defined(RMI_ASAN)
#define RMI_ASAN 1
#endif
#if defined(__SANITIZE_THREAD__) && !defined(RMI_TSAN)
#define RMI_TSAN 1
#endif

#ifndef RMI_ASAN
#define RMI_ASAN 0
#endif
#ifndef RMI_TSAN
#define RMI_TSAN 0
#endif

#endif
