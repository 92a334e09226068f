/* What hot.h's files use of CPython's stable ABI (3.10), as lists: python_abi.h makes declarations of them, and
 * tests/native/python_abi.c compares each line with Python's own headers. The names are CPython's.
 *
 * cpython: Doc/data/stable_abi.dat */
#ifndef GDE_PYTHON_LIST_H
#define GDE_PYTHON_LIST_H

/* Pointers to functions: X(result, name, arguments) */
#define PYTHON_CALLBACKS(X)                                \
    X(PyObject *, PyCFunction, (PyObject *, PyObject *))   \
    X(PyObject *, getter, (PyObject *, void *))            \
    X(int, setter, (PyObject *, PyObject *, void *))       \
    X(int, visitproc, (PyObject *, void *))                \
    X(void, freefunc, (void *))                            \
    X(PyObject *, allocfunc, (PyTypeObject *, Py_ssize_t)) \
    X(PyObject *, newfunc, (PyTypeObject *, PyObject *, PyObject *))

/* X(result, name, arguments). The data of the ABI (Py_None, PyLong_Type, PyExc_TypeError) comes as objects. */
#define PYTHON_FUNCTIONS(X)                                                           \
    X(int, PyArg_ParseTuple, (PyObject *, const char *, ...))                         \
    X(int, PyBytes_AsStringAndSize, (PyObject *, char **, Py_ssize_t *))              \
    X(PyObject *, PyBytes_FromStringAndSize, (const char *, Py_ssize_t))              \
    X(PyObject *, PyDict_GetItemWithError, (PyObject *, PyObject *))                  \
    X(PyObject *, PyDict_New, (void))                                                 \
    X(int, PyDict_Next, (PyObject *, Py_ssize_t *, PyObject **, PyObject **))         \
    X(int, PyDict_SetItem, (PyObject *, PyObject *, PyObject *))                      \
    X(Py_ssize_t, PyDict_Size, (PyObject *))                                          \
    X(int, PyErr_CheckSignals, (void))                                                \
    X(void, PyErr_Fetch, (PyObject **, PyObject **, PyObject **))                     \
    X(PyObject *, PyErr_Format, (PyObject *, const char *, ...))                      \
    X(PyObject *, PyErr_NoMemory, (void))                                             \
    X(PyObject *, PyErr_Occurred, (void))                                             \
    X(void, PyErr_Restore, (PyObject *, PyObject *, PyObject *))                      \
    X(void, PyErr_SetObject, (PyObject *, PyObject *))                                \
    X(void, PyErr_SetString, (PyObject *, const char *))                              \
    X(void, PyEval_RestoreThread, (PyThreadState *))                                  \
    X(PyThreadState *, PyEval_SaveThread, (void))                                     \
    X(PyObject *, PyIter_Next, (PyObject *))                                          \
    X(int, PyList_Append, (PyObject *, PyObject *))                                   \
    X(int, PyList_Insert, (PyObject *, Py_ssize_t, PyObject *))                       \
    X(PyObject *, PyList_GetItem, (PyObject *, Py_ssize_t))                           \
    X(PyObject *, PyList_New, (Py_ssize_t))                                           \
    X(Py_ssize_t, PyList_Size, (PyObject *))                                          \
    X(long, PyLong_AsLongAndOverflow, (PyObject *, int *))                            \
    X(long long, PyLong_AsLongLongAndOverflow, (PyObject *, int *))                   \
    X(unsigned long long, PyLong_AsUnsignedLongLongMask, (PyObject *))                \
    X(PyObject *, PyLong_FromLong, (long))                                            \
    X(PyObject *, PyBool_FromLong, (long))                                            \
    X(PyObject *, PyLong_FromLongLong, (long long))                                   \
    X(PyObject *, PyLong_FromSsize_t, (Py_ssize_t))                                   \
    X(PyObject *, PyLong_FromUnsignedLongLong, (unsigned long long))                  \
    X(PyObject *, PyLong_FromVoidPtr, (void *))                                       \
    X(PyObject *, PyNumber_Add, (PyObject *, PyObject *))                             \
    X(PyObject *, PyNumber_Lshift, (PyObject *, PyObject *))                          \
    X(PyObject *, PyNumber_Multiply, (PyObject *, PyObject *))                        \
    X(PyObject *, PyNumber_Or, (PyObject *, PyObject *))                              \
    X(PyObject *, PyNumber_Rshift, (PyObject *, PyObject *))                          \
    X(void, PyMem_Free, (void *))                                                     \
    X(void *, PyMem_Realloc, (void *, size_t))                                        \
    X(PyObject *, PyObject_Call, (PyObject *, PyObject *, PyObject *))                \
    X(PyObject *, PyObject_CallFunctionObjArgs, (PyObject *, ...))                    \
    X(PyObject *, PyObject_CallMethod, (PyObject *, const char *, const char *, ...)) \
    X(PyObject *, PyObject_CallMethodObjArgs, (PyObject *, PyObject *, ...))          \
    X(void, PyObject_ClearWeakRefs, (PyObject *))                                     \
    X(void, PyObject_GC_UnTrack, (void *))                                            \
    X(PyObject *, PyObject_GetAttr, (PyObject *, PyObject *))                         \
    X(int, PyObject_SetAttr, (PyObject *, PyObject *, PyObject *))                    \
    X(PyObject *, PyTuple_GetItem, (PyObject *, Py_ssize_t))                          \
    X(PyObject *, PyTuple_GetSlice, (PyObject *, Py_ssize_t, Py_ssize_t))             \
    X(PyObject *, PyTuple_New, (Py_ssize_t))                                          \
    X(PyObject *, PyTuple_Pack, (Py_ssize_t, ...))                                    \
    X(int, PyTuple_SetItem, (PyObject *, Py_ssize_t, PyObject *))                     \
    X(Py_ssize_t, PyTuple_Size, (PyObject *))                                         \
    X(PyObject *, PyType_FromSpec, (PyType_Spec *))                                   \
    X(void *, PyType_GetSlot, (PyTypeObject *, int))                                  \
    X(int, PyType_IsSubtype, (PyTypeObject *, PyTypeObject *))                        \
    X(PyObject *, PyUnicode_FromString, (const char *))                               \
    X(PyObject *, PyUnicode_InternFromString, (const char *))                         \
    X(void, Py_DecRef, (PyObject *))                                                  \
    X(void, Py_IncRef, (PyObject *))

/* X(name, value) */
#define PYTHON_CONSTANTS(X)                      \
    X(METH_VARARGS, 0x0001)                      \
    X(METH_KEYWORDS, 0x0002)                     \
    X(METH_NOARGS, 0x0004)                       \
    X(METH_O, 0x0008)                            \
    X(METH_FASTCALL, 0x0080)                     \
    X(Py_TPFLAGS_DEFAULT, 0)                     \
    X(Py_TPFLAGS_DISALLOW_INSTANTIATION, 1 << 7) \
    X(Py_TPFLAGS_BASETYPE, 1 << 10)              \
    X(Py_TPFLAGS_HAVE_GC, 1 << 14)               \
    X(Py_tp_alloc, 47)                           \
    X(Py_tp_clear, 51)                           \
    X(Py_tp_dealloc, 52)                         \
    X(Py_tp_iter, 62)                            \
    X(Py_tp_iternext, 63)                        \
    X(Py_tp_methods, 64)                         \
    X(Py_tp_new, 65)                             \
    X(Py_tp_traverse, 71)                        \
    X(Py_tp_members, 72)                         \
    X(Py_tp_getset, 73)                          \
    X(Py_tp_free, 74)                            \
    X(Py_am_await, 77)                           \
    X(Py_am_anext, 79)                           \
    X(Py_am_send, 81)                            \
    X(PYGEN_RETURN, 0)                           \
    X(PYGEN_ERROR, -1)                           \
    X(T_BOOL, 14)                                \
    X(T_OBJECT_EX, 16)                           \
    X(T_ULONGLONG, 18)                           \
    X(T_PYSSIZET, 19)                            \
    X(READONLY, 1)

/* Structs that C fills in, field by field in order: X(struct, type, name) */
#define PYTHON_METHOD_DEF(X)              \
    X(PyMethodDef, const char *, ml_name) \
    X(PyMethodDef, PyCFunction, ml_meth)  \
    X(PyMethodDef, int, ml_flags)         \
    X(PyMethodDef, const char *, ml_doc)
#define PYTHON_GET_SET_DEF(X)          \
    X(PyGetSetDef, const char *, name) \
    X(PyGetSetDef, getter, get)        \
    X(PyGetSetDef, setter, set)        \
    X(PyGetSetDef, const char *, doc)  \
    X(PyGetSetDef, void *, closure)
#define PYTHON_MEMBER_DEF(X)           \
    X(PyMemberDef, const char *, name) \
    X(PyMemberDef, int, type)          \
    X(PyMemberDef, Py_ssize_t, offset) \
    X(PyMemberDef, int, flags)         \
    X(PyMemberDef, const char *, doc)
#define PYTHON_TYPE_SLOT(X)   \
    X(PyType_Slot, int, slot) \
    X(PyType_Slot, void *, pfunc)
#define PYTHON_TYPE_SPEC(X)             \
    X(PyType_Spec, const char *, name)  \
    X(PyType_Spec, int, basicsize)      \
    X(PyType_Spec, int, itemsize)       \
    X(PyType_Spec, unsigned int, flags) \
    X(PyType_Spec, PyType_Slot *, slots)

/* The head of every object. Only ever read. */
#define PYTHON_OBJECT(X)               \
    X(PyObject, Py_ssize_t, ob_refcnt) \
    X(PyObject, PyTypeObject *, ob_type)

#endif
