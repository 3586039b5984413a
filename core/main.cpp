#include <iostream>  // before Poco's macros

#include "varved.hpp"

int main(int argc, char **argv) {
    varve::block_signals();  // before any thread
    varve::bound_malloc();
    varve::Varved program;
    return program.run(argc, argv);
}
