// SPDX-License-Identifier: MIT
#pragma once

// How a program is written that takes all names at once: among the headers whose names come closest to the library's.

#include <gtest/gtest.h>
#include <netdb.h>
#include <signal.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <warren/warren.hpp>

#include <iostream>
#include <thread>

using namespace warren;
using namespace std;
using namespace std::chrono_literals;
