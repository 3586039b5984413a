// varve::Status and varve::Result, as plugins see them; there is no twin in the core.
#pragma once

#include <varve/cpp/bytes.hpp>
#include <varve/cpp/status.hpp>
