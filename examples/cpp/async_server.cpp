// The guide's asynchronous server: a ROUTER for the clients, and a DEALER to five workers inside the process. A worker
// replies to a request 0 to 4 times, after random delays.
//
//   async_server tcp://127.0.0.1:5570 [max delay in ms]
//
// services: { quotes: { peer: router, connect: tcp://127.0.0.1:5570, replies: { idle: 1500ms, idle_means: complete } } }
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <random>
#include <thread>
#include <vector>
#include <zmq.hpp>

static void work(zmq::context_t &context, int max_delay, unsigned seed) {
    std::mt19937 random(seed);
    zmq::socket_t socket(context, zmq::socket_type::dealer);
    socket.connect("inproc://workers");
    for (;;) {
        zmq::message_t identity, body;
        if (!socket.recv(identity) || !socket.recv(body)) continue;
        for (int replies = random() % 5; replies > 0; replies--) {
            std::this_thread::sleep_for(std::chrono::milliseconds(random() % (max_delay + 1)));
            zmq::message_t identity_copy(identity.data(), identity.size()), body_copy(body.data(), body.size());
            socket.send(identity_copy, zmq::send_flags::sndmore);
            socket.send(body_copy, zmq::send_flags::none);
        }
    }
}

int main(int argc, char **argv) {
    if (argc < 2) return std::cerr << "usage: " << argv[0] << " ENDPOINT [MAX_DELAY_MS]\n", 2;
    int max_delay = argc > 2 ? std::atoi(argv[2]) : 1000;
    zmq::context_t context(1);
    zmq::socket_t frontend(context, zmq::socket_type::router), backend(context, zmq::socket_type::dealer);
    frontend.bind(argv[1]);
    backend.bind("inproc://workers");
    std::cout << "bound " << frontend.get(zmq::sockopt::last_endpoint) << std::endl;
    std::vector<std::thread> workers;
    for (unsigned n = 0; n < 5; n++) workers.emplace_back([&, n] { work(context, max_delay, std::random_device()() + n); });
    zmq::proxy(frontend, backend);
}
