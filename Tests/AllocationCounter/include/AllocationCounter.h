// A library to preload (LD_PRELOAD) into lbd: see counter.c. There is nothing to call.
