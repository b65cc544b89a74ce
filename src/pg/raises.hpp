/*
 * What a declaration tells test/raising about errors of the server; see pg/guard.hpp.
 */
#pragma once

/*
 * In front of the declaration of each function that an error of the server may leave by longjmp,
 * overrides included. Lambdas, templates and constructors have none: what they do follows from what
 * they call.
 */
#ifdef __clang__
#define PG_RAISES [[clang::annotate("raises")]]
#else
#define PG_RAISES
#endif

/*
 * In front of a function that calls what may raise, and yet does not raise itself. A comment says
 * why; test/raising takes its word.
 */
#ifdef __clang__
#define PG_NEVER_RAISES [[clang::annotate("never raises")]]
#else
#define PG_NEVER_RAISES
#endif
