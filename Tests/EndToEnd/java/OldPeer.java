// Peers of JeroMQ 0.3, which speaks ZMTP 2.0:  OldPeer router|rep|pub|req bind|connect ENDPOINT
//
// router and rep answer with what they were asked, req says READY first and then does the same, pub says
// [news.N]["N"] twenty times a second.

import java.util.ArrayList;
import java.util.List;
import org.zeromq.ZMQ;

public final class OldPeer {
    public static void main(String[] arguments) throws InterruptedException {
        ZMQ.Socket socket = ZMQ.context(1).socket(type(arguments[0]));
        if (arguments[1].equals("bind")) {
            socket.bind(arguments[2]);
        } else {
            socket.connect(arguments[2]);
        }
        System.out.println("bound " + arguments[2]);
        if (arguments[0].equals("pub")) {
            publish(socket);
        }
        if (arguments[0].equals("req")) {
            socket.send("READY");
        }
        while (true) {
            List<byte[]> frames = new ArrayList<byte[]>();
            do {
                frames.add(socket.recv(0));
            } while (socket.hasReceiveMore());
            for (int index = 0; index < frames.size(); index++) {
                socket.send(frames.get(index), index + 1 < frames.size() ? ZMQ.SNDMORE : 0);
            }
        }
    }

    private static void publish(ZMQ.Socket socket) throws InterruptedException {
        for (int number = 0; true; number++) {
            socket.sendMore("news." + number);
            socket.send(Integer.toString(number));
            Thread.sleep(50);
        }
    }

    private static int type(String name) {
        switch (name) {
            case "router": return ZMQ.ROUTER;
            case "rep": return ZMQ.REP;
            case "pub": return ZMQ.PUB;
            case "req": return ZMQ.REQ;
            default: throw new IllegalArgumentException(name);
        }
    }
}
