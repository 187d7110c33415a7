//  The asynchronous server of ZeroMQ's client/server pattern: a ROUTER for the clients, a pool of DEALER workers behind
//  it, a proxy between. Each request is echoed none to four times, after random pauses; replies of different requests
//  come mixed.
//
//      clients -> ROUTER tcp://127.0.0.1:5570 -> proxy -> DEALER inproc://workers -> 5 x DEALER worker
//
//  Goes with `peer: router`: the gateway is one client per exchange, each with an identity of its own. Nothing says
//  which reply is the last, so a pause does:
//
//      quotes:
//        peer: router
//        connect: tcp://127.0.0.1:5570
//        replies: { idle: 2s, idle_means: complete, first: 10s, deadline: 30s }
//
//  async_server [--bind E] [--max-delay-ms N] [--workers N]

#include <chrono>
#include <iostream>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <zmq.hpp>

static std::string option(int argc, char **argv, const std::string &name, const std::string &otherwise)
{
    for (int at = 1; at + 1 < argc; at++)
        if (argv[at] == name)
            return argv[at + 1];
    return otherwise;
}

static void worker_task(zmq::context_t &context, int max_delay_ms)
{
    zmq::socket_t worker(context, zmq::socket_type::dealer);
    worker.connect("inproc://workers");
    std::mt19937 random(std::random_device{}());
    std::uniform_int_distribution<int> replies(0, 4), delay_ms(0, max_delay_ms);

    while (true) {
        zmq::message_t identity, body;
        (void) worker.recv(identity);
        (void) worker.recv(body);
        for (int left = replies(random); left > 0; left--) {
            std::this_thread::sleep_for(std::chrono::milliseconds(delay_ms(random)));
            zmq::message_t address, answer;
            address.copy(identity);
            answer.copy(body);
            worker.send(address, zmq::send_flags::sndmore);
            worker.send(answer, zmq::send_flags::none);
        }
    }
}

int main(int argc, char **argv)
{
    const int max_delay_ms = std::stoi(option(argc, argv, "--max-delay-ms", "1000"));
    const int workers = std::stoi(option(argc, argv, "--workers", "5"));

    zmq::context_t context(1);
    zmq::socket_t frontend(context, zmq::socket_type::router);
    frontend.bind(option(argc, argv, "--bind", "tcp://127.0.0.1:5570"));
    zmq::socket_t backend(context, zmq::socket_type::dealer);
    backend.bind("inproc://workers");

    std::vector<std::thread> pool;
    for (int count = 0; count < workers; count++)
        pool.emplace_back(worker_task, std::ref(context), max_delay_ms);

    std::cout << "bound " << frontend.get(zmq::sockopt::last_endpoint) << std::endl;
    zmq::proxy(frontend, backend);
}
