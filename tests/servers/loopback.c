/* Preloaded into programs that always listen on every address: bind() to 0.0.0.0 or :: becomes loopback. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

int bind(int descriptor, const struct sockaddr *address, socklen_t length)
{
    static int (*real)(int, const struct sockaddr *, socklen_t);
    if (!real)
        real = (int (*)(int, const struct sockaddr *, socklen_t))dlsym(RTLD_NEXT, "bind");
    struct sockaddr_storage copy;
    if (length <= sizeof copy) {
        memcpy(&copy, address, length);
        if (address->sa_family == AF_INET) {
            struct sockaddr_in *four = (struct sockaddr_in *)&copy;
            if (four->sin_addr.s_addr == htonl(INADDR_ANY))
                four->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        } else if (address->sa_family == AF_INET6) {
            struct sockaddr_in6 *six = (struct sockaddr_in6 *)&copy;
            if (memcmp(&six->sin6_addr, &in6addr_any, sizeof in6addr_any) == 0)
                six->sin6_addr = in6addr_loopback;
        }
        return real(descriptor, (struct sockaddr *)&copy, length);
    }
    return real(descriptor, address, length);
}
